/**
 * Makes the pictures of docs/console/ anew, as WebP: `node --conditions=@tidemark/source
 * conformance/console/screenshots.ts`. Look at each before it is committed.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { DESKTOP, type Look, launch, open, PHONE } from './browser.ts'
// @ts-expect-error it has no types: it runs in the browser as it is
import * as inPage from './in-page.mjs'
import { Scene } from './scene.ts'

const INTO = fileURLToPath(new URL('../../docs/console/', import.meta.url))
const DARK = { ...DESKTOP, scheme: 'dark' } as const
/** Long enough that rates are measured and a trend is drawn. */
const LOOK_FOR_MS = 8_000

interface Shot {
  readonly name: string
  readonly path: string
  readonly look: Look
  readonly wait?: number
  readonly whole?: boolean
  act?(page: Page): Promise<void>
}

const SHOTS: readonly Shot[] = [
  { name: 'groups', path: '/groups', look: DESKTOP, wait: LOOK_FOR_MS },
  { name: 'group', path: '/groups/billing', look: DESKTOP, wait: LOOK_FOR_MS },
  { name: 'group-dark', path: '/groups/billing?scale=time', look: DARK, wait: LOOK_FOR_MS },
  { name: 'group-phone', path: '/groups/billing', look: { ...PHONE, height: 1_200 }, wait: 3_000 },
  { name: 'groups-phone-dark', path: '/groups', look: { ...PHONE, scheme: 'dark' }, wait: 3_000 },
  { name: 'move', path: '/groups/search-index/move', look: DESKTOP, whole: true, wait: 1_500, act: review },
  { name: 'history', path: '/history?group=search-index', look: DESKTOP, whole: true, wait: 2_000 },
  { name: 'doctor', path: '/doctor', look: DESKTOP, wait: 2_500 },
  { name: 'peek-dark', path: '/groups/billing?peek=orders:2', look: { ...DARK, height: 1_200 }, wait: 3_000 },
  { name: 'records', path: '/topics/orders?partition=2&from=offset:1740', look: DESKTOP, wait: 1_500 },
  { name: 'cluster-dark', path: '/cluster', look: DARK, wait: 1_500 },
]

async function review(page: Page): Promise<void> {
  await page.getByLabel(/By so many records/).check()
  await page.getByRole('spinbutton', { name: 'Number of records' }).fill('-200')
  await page.getByRole('button', { name: 'Review' }).click()
  await page.getByText('Move: review').waitFor()
}

const browser = await launch()
try {
  await using scene = await Scene.start()
  mkdirSync(INTO, { recursive: true })
  const only = process.argv.slice(2)
  for (const shot of SHOTS) if (only.length === 0 || only.includes(shot.name)) await take(browser, scene.stage.url, shot)
} finally {
  await browser.close()
}
process.exit()

async function take(browser: Browser, url: string, { name, path, look, wait = 500, whole = false, act }: Shot): Promise<void> {
  await using watched = await open(browser, look)
  const { page } = watched
  await page.goto(url + path)
  await act?.(page)
  await page.waitForTimeout(wait)
  const png = await page.screenshot({ fullPage: whole })
  // Chromium is also the one who can write WebP here.
  const webp = (await page.evaluate(inPage.asWebp, png.toString('base64'))) as string
  const bytes = Buffer.from(webp, 'base64')
  writeFileSync(`${INTO}${name}.webp`, bytes)
  console.log(`${name}.webp  ${Math.round(bytes.length / 1_000)} kB${watched.faults.length > 0 ? `  ${watched.faults.join('; ')}` : ''}`)
}
