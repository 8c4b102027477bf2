/** Ten thousand groups: the list holds them, scrolls, searches and stays live. */
import type { Browser } from 'playwright-core'
import { equal, type Report } from '../report.ts'
import { DESKTOP, open } from './browser.ts'
// @ts-expect-error it has no types: it runs in the browser as it is
import * as inPage from './in-page.mjs'
import { Stage } from './stage.ts'

const GROUPS = 10_000
const AT_ONCE = 50

export async function many(report: Report, browser: Browser): Promise<void> {
  await using stage = await Stage.start({ intervalMs: 1_000 })
  await stage.fill('orders', 5_000, 10)
  for (let from = 0; from < GROUPS; from += AT_ONCE) {
    await Promise.all(
      Array.from({ length: AT_ONCE }, (_, i) => {
        const offset = (from + i) % 400
        const rows = [0, 1, 2].map((p) => ({ topic: 'orders', partition: (from + i + p) % 10, offset }))
        return stage.admin.groups.setOffsets(`group-${String(from + i).padStart(5, '0')}`, rows)
      }),
    )
  }
  await report.check('10,000 groups are listed, scroll smoothly with few rows in the document, and are found by name', async () => {
    await using watched = await open(browser, DESKTOP)
    const { page } = watched
    await page.goto(`${stage.url}/groups`)
    await page.getByText('10,000 groups').waitFor({ timeout: 30_000 })
    const { rows, middleMs, longMs } = (await page.evaluate(inPage.scrolling)) as { rows: number; middleMs: number; longMs: number }
    console.log(`         while scrolling: ${rows} rows, a frame in ${middleMs.toFixed(1)} ms, 95 of 100 within ${longMs.toFixed(1)} ms`)
    if (rows > 100 || rows < 10) throw new Error(`${rows} rows are in the document`)
    if (middleMs > 34 || longMs > 150) throw new Error(`a frame takes ${middleMs} ms, 5 of 100 more than ${longMs} ms`)
    await page.evaluate(inPage.toTheEnd)
    await page.waitForFunction(inPage.hasRow, GROUPS + 1)
    await page.getByLabel('Group or topic').fill('group-07777')
    await page.getByText('1 of 10,000 groups').waitFor()
    await page.getByRole('link', { name: 'group-07777' }).click()
    await page.getByRole('heading', { name: 'group-07777' }).waitFor()
    equal(watched.faults, [])
  })
}
