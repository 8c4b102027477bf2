/** The system's own Chromium, driven by playwright-core: no browser is fetched. */
import { existsSync } from 'node:fs'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { NotToBeHad } from '../tools.ts'

const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
]

/** It looks for updates and for Google's hosts unless it is told not to. */
const QUIET = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** `CHROMIUM` names another one. Throws `NotToBeHad` where there is none. */
export async function launch(): Promise<Browser> {
  const executablePath = process.env.CHROMIUM ?? PLACES.find((place) => existsSync(place))
  if (executablePath === undefined) throw new NotToBeHad("there is no Chromium here: install Debian's chromium, or name one in CHROMIUM")
  // The sandbox of Chromium does not work as root.
  return chromium.launch({ executablePath, args: process.getuid?.() === 0 ? ['--no-sandbox', ...QUIET] : QUIET })
}

export interface Look {
  readonly width: number
  readonly height: number
  readonly scheme: 'light' | 'dark'
}

export const DESKTOP: Look = { width: 1400, height: 1000, scheme: 'light' }
export const PHONE: Look = { width: 360, height: 740, scheme: 'light' }
export const WALL: Look = { width: 3840, height: 2160, scheme: 'light' }

/** A page, and everything that went wrong in it. */
export interface Watched extends AsyncDisposable {
  readonly page: Page
  readonly context: BrowserContext
  /** Errors of scripts, lines of the console that are errors, dialogs, requests to elsewhere. */
  readonly faults: string[]
}

export async function open(browser: Browser, { width, height, scheme }: Look, timezoneId = 'Europe/Berlin'): Promise<Watched> {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme, timezoneId, locale: 'en-GB' })
  const page = await context.newPage()
  page.setDefaultTimeout(15_000)
  const faults: string[] = []
  page.on('pageerror', (error) => faults.push(`an error of a script: ${error.message}`))
  page.on('console', (line) => line.type() === 'error' && faults.push(`the browser says: ${line.text()}`))
  page.on('dialog', (dialog) => {
    faults.push(`a dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('request', (request) => {
    const { protocol, hostname } = new URL(request.url())
    if (protocol.startsWith('http') && hostname !== '127.0.0.1') faults.push(`a request to ${request.url()}`)
  })
  return { page, context, faults, [Symbol.asyncDispose]: () => context.close() }
}
