/** What goes wrong around a page: the broker, the console, the token, another site. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser } from 'playwright-core'
import { equal, type Report } from '../report.ts'
import { DESKTOP, open } from './browser.ts'
// @ts-expect-error it has no types: it runs in the browser as it is
import * as inPage from './in-page.mjs'
import { accessible } from './pages.ts'
import { Stage } from './stage.ts'

const TOKEN = 'a token of the suite, long enough'

export async function upsets(report: Report, browser: Browser): Promise<void> {
  await using stage = await Stage.start()
  await stage.fill('orders', 300, 3)
  await stage.commit('billing', 'orders', [90, 40, 10])
  await report.check('the broker goes away and comes back: the page says so, keeps what it knew, and goes on', () =>
    brokerAway(stage, browser),
  )
  await report.check('the console goes away and comes back: the page says so, and goes on', () => consoleAway(stage, browser))
  await report.check('more pages than the console takes: the page says so, and goes on when another is closed', () => full(stage, browser))
  await report.check('scripts and forms of another site neither read nor write', () => otherSite(stage, browser))
  await report.check('a live tail shows a record that is written now', () => tail(stage, browser))
  await report.check('with a token: the page asks for it, and its address opens it', () => token(stage, browser))
}

async function brokerAway(stage: Stage, browser: Browser): Promise<void> {
  await using watched = await open(browser, DESKTOP)
  const { page } = watched
  await page.goto(`${stage.url}/groups/billing`)
  await page.getByText(/^live/).waitFor()
  await page.getByText('behind the end').waitFor() // what it is to keep
  await stage.stopBroker()
  await page.getByText('the cluster does not answer; trying again').waitFor({ timeout: 30_000 })
  await page.getByText('behind the end').waitFor()
  await stage.startBroker()
  await page.getByText(/^live/).waitFor({ timeout: 30_000 })
  equal(
    watched.faults.filter((fault) => !/Failed to load resource/.test(fault)),
    [],
  )
}

async function consoleAway(stage: Stage, browser: Browser): Promise<void> {
  await using watched = await open(browser, DESKTOP)
  const { page } = watched
  await page.goto(`${stage.url}/groups`)
  await page.getByRole('link', { name: 'billing' }).waitFor()
  const { port } = stage
  await stage.stopConsole()
  await page.getByText('the console does not answer; trying again').waitFor()
  await stage.startConsole({ listen: { host: '127.0.0.1', port } })
  await page.getByText(/^live/).waitFor({ timeout: 30_000 })
}

async function full(stage: Stage, browser: Browser): Promise<void> {
  const { port } = stage
  await stage.stopConsole()
  await stage.startConsole({ listen: { host: '127.0.0.1', port }, viewersMax: 1 })
  await using first = await open(browser, DESKTOP)
  await first.page.goto(`${stage.url}/groups`)
  await first.page.getByText(/^live/).waitFor()
  await using second = await open(browser, DESKTOP)
  await second.page.goto(`${stage.url}/groups`)
  await second.page.getByText('as many pages are live as the console takes; close another one').waitFor()
  await first.page.close()
  await second.page.getByText(/^live/).waitFor({ timeout: 30_000 })
  await stage.stopConsole()
  await stage.startConsole({ listen: { host: '127.0.0.1', port } })
}

/** The other site is another port of localhost: for a browser the same site as the console's, but another origin. */
async function otherSite(stage: Stage, browser: Browser): Promise<void> {
  const target = `${stage.url}/api/plans`
  const wish = JSON.stringify({ group: 'billing', scope: 'all', target: { kind: 'start' } })
  const html = `<!doctype html><title>other</title><iframe name="sink"></iframe>
    <form id="form" method="post" target="sink" enctype="text/plain" action="${target}"><input name='${wish.slice(0, -1)},"x":"' value='"}'></form>
    <img src="${stage.url}/icon.svg" onload="window.image='seen'" onerror="window.image='blocked'">`
  const server = createServer((_request, response) => response.setHeader('content-type', 'text/html').end(html)).listen(0, '127.0.0.1')
  try {
    await new Promise((resolve) => server.once('listening', resolve))
    await using watched = await open(browser, DESKTOP)
    const { page } = watched
    const answers: number[] = []
    page.on('response', (response) => response.url().startsWith(stage.url) && answers.push(response.status()))
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
    const seen = (await page.evaluate(inPage.attack, [stage.url, wish])) as string[]
    equal([seen[0], seen[3]], ['blocked', 'blocked'])
    await page.waitForFunction(inPage.imageSeen)
    equal(await page.evaluate(inPage.image), 'blocked')
    equal(
      answers.filter((status) => status < 400),
      [],
    )
  } finally {
    server.close()
  }
}

async function tail(stage: Stage, browser: Browser): Promise<void> {
  const { createProducer } = await import('@tidemark/client')
  await using watched = await open(browser, DESKTOP)
  const { page } = watched
  await page.goto(`${stage.url}/topics/orders`)
  await page.getByRole('button', { name: 'Follow live' }).click()
  await page.getByText('live: 0 so far').waitFor()
  await using producer = createProducer(stage.kafka)
  // The reading begins at the end as it finds it, a moment after the page is told that it is live.
  for (let i = 0; (await page.getByText('just now').count()) === 0; i++) {
    await producer.send('orders', { key: `k-${i}`, value: 'just now', partition: 0 })
    if (i > 200) throw new Error('200 records were written, and none was shown')
  }
  equal(watched.faults, [])
}

async function token(stage: Stage, browser: Browser): Promise<void> {
  await stage.stopConsole()
  await stage.startConsole({ token: TOKEN })
  await using watched = await open(browser, DESKTOP)
  const { page, context } = watched
  await page.goto(`${stage.url}/groups`)
  await page.getByLabel('Token').waitFor()
  await accessible(page)
  await page.getByLabel('Token').fill('wrong')
  await page.getByRole('button', { name: 'Open' }).click()
  await page.getByText('this is not the token of this console').waitFor()
  await page.getByLabel('Token').fill(TOKEN)
  await page.getByRole('button', { name: 'Open' }).click()
  await page.getByRole('link', { name: 'billing' }).waitFor()
  await context.clearCookies()
  // Once in the tab that asks for the token, where it loads nothing, and once in another
  await page.goto(`${stage.url}/groups`)
  await page.getByLabel('Token').waitFor()
  await page.goto(`${stage.url}/groups#token=${encodeURIComponent(TOKEN)}`)
  await page.getByRole('link', { name: 'billing' }).waitFor()
  await context.clearCookies()
  await page.goto('about:blank')
  await page.goto(`${stage.url}/groups#token=${encodeURIComponent(TOKEN)}`)
  await page.getByRole('link', { name: 'billing' }).waitFor()
  if (page.url().includes('token')) throw new Error(`the token stays in the address: ${page.url()}`)
  equal(await page.evaluate(inPage.cookies), '')
}
