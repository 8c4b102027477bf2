/** Each page in each look: it fits, nothing goes wrong, nothing comes from elsewhere, and axe has nothing to say. */
import { AxeBuilder } from '@axe-core/playwright'
import { createProducer } from '@tidemark/client'
import type { Browser, Page } from 'playwright-core'
import { equal, type Report } from '../report.ts'
import { DESKTOP, type Look, open, PHONE, WALL } from './browser.ts'
// @ts-expect-error it has no types: it runs in the browser as it is
import * as inPage from './in-page.mjs'
import { MARKUP, Stage } from './stage.ts'

/** A path, and what stands on the page once it is there. */
export const PAGES: readonly (readonly [path: string, text: string | RegExp])[] = [
  ['/groups', 'billing'],
  ['/groups/billing', /behind the end/],
  ['/groups/billing?scale=time&range=whole', /behind the end/],
  ['/groups/billing/move', 'Move: where to'],
  ['/groups/billing?peek=orders:1', 'read on in the topic'],
  ['/history', 'Moves'],
  ['/history?group=billing', 'Where it stood'],
  ['/doctor', 'Findings'],
  ['/topics', 'orders'],
  ['/topics/orders', 'Next page'],
  ['/topics/orders?view=partitions', 'In sync'],
  ['/topics/orders?view=groups', 'billing'],
  ['/topics/orders?view=configuration', 'retention.ms'],
  ['/cluster', 'metadata.version'],
]

const LOOKS: readonly Look[] = [DESKTOP, { ...DESKTOP, scheme: 'dark' }, PHONE, { ...PHONE, scheme: 'dark' }, WALL]
const SLICE: readonly Look[] = [DESKTOP, { ...PHONE, scheme: 'dark' }]

export async function pages(report: Report, browser: Browser, full: boolean): Promise<void> {
  await using stage = await Stage.start()
  await stage.fill('orders', 3_000, 3)
  await stage.commit('billing', 'orders', [900, 400, 10])
  await stage.commit('shipping', 'orders', [1_000, 1_000, 1_000])
  for (const look of full ? LOOKS : SLICE) {
    for (const [path, text] of PAGES) {
      const name = `${path} at ${look.width} × ${look.height}, ${look.scheme}`
      await report.check(name, async () => {
        await using watched = await open(browser, look)
        await watched.page.goto(stage.url + path)
        await watched.page.getByText(text).first().waitFor()
        await fits(watched.page)
        if (look.width < 3_000) await accessible(watched.page)
        equal(watched.faults, [])
      })
    }
  }
  await report.check('a group, a topic, a page or a plan that does not exist is named', async () => {
    await using watched = await open(browser, DESKTOP)
    const { page } = watched
    for (const [path, text] of [
      ['/groups/nobody', "group 'nobody' does not exist"],
      ['/topics/nowhere', "topic 'nowhere' does not exist"],
      [`/groups/billing/move/${'0'.repeat(64)}`, 'this plan is not here any more'],
    ] as const) {
      await page.goto(stage.url + path)
      await page.getByText(text).first().waitFor()
    }
  })
  await report.check('the first paint comes within a second, and the script is below 250 kB compressed', async () => {
    await using watched = await open(browser, DESKTOP)
    await watched.page.goto(`${stage.url}/groups`)
    await watched.page.getByRole('link', { name: 'billing' }).waitFor()
    const found = (await watched.page.evaluate(inPage.firstPaint)) as { paintMs: number; scriptBytes: number }
    if (found.paintMs > 1_000 || found.scriptBytes > 250_000 || found.scriptBytes === 0) throw new Error(JSON.stringify(found))
  })
  await report.check('markup in names, keys, values, headers and metadata is shown, and never runs', () => markup(stage, browser))
}

async function fits(page: Page): Promise<void> {
  const [wide, window] = (await page.evaluate(inPage.widths)) as [number, number]
  if (wide > window) throw new Error(`the page is ${wide} wide in a window of ${window}`)
}

/** Throws what axe finds. */
export async function accessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze()
  equal(
    violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(' ')).join(', ')}`),
    [],
  )
}

async function markup(stage: Stage, browser: Browser): Promise<void> {
  await stage.admin.topics.create('marked')
  await using producer = createProducer(stage.kafka)
  await producer.send('marked', { key: MARKUP, value: MARKUP, headers: { [MARKUP]: MARKUP } })
  await stage.admin.groups.setOffsets(MARKUP, [{ topic: 'marked', partition: 0, offset: 0, metadata: MARKUP }])
  await using watched = await open(browser, DESKTOP)
  const { page } = watched
  await page.goto(`${stage.url}/groups`)
  await page.getByRole('link', { name: MARKUP }).click()
  await page.getByRole('heading', { name: MARKUP }).waitFor()
  await page.getByText('look at the record').click()
  await page.getByText('read on in the topic').click()
  await page.locator('summary').click()
  await page.getByText(MARKUP).last().waitFor()
  equal(await page.locator('img, main script').count(), 0)
  equal(watched.faults, [])
}
