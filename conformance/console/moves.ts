/** Moves, from the ruler to the undo, as somebody makes them with mouse and keyboard. */
import type { Browser, Page } from 'playwright-core'
import { equal, type Report } from '../report.ts'
import { DESKTOP, open, PHONE } from './browser.ts'
// @ts-expect-error it has no types: it runs in the browser as it is
import * as inPage from './in-page.mjs'
import { Member } from './member.ts'
import { accessible } from './pages.ts'
import { Stage } from './stage.ts'

export async function moves(report: Report, browser: Browser): Promise<void> {
  await using stage = await Stage.start()
  await stage.fill('orders', 3_000, 3)
  await stage.commit('billing', 'orders', [900, 400, 10])
  await report.check('a move by arrow keys: flag, review, apply, verified in the cluster, undone byte for byte', () =>
    byKeys(stage, browser),
  )
  await report.check('a move by dragging the mark', () => byMouse(stage, browser))
  await report.check('a move by the form, to an offset beyond the end: the clamp has to be accepted', () => byForm(stage, browser))
  await report.check('a move by the form, to so long ago: as a time of the command line', () => byAgo(stage, browser))
  await report.check('somebody commits between review and apply: the plan is refused, and nothing changes', () => stale(stage, browser))
  await report.check('a group with members: apply says why it is disabled, waits until they are gone, and applies', () =>
    active(stage, browser),
  )
  await report.check('a group that rebalances meanwhile is followed', () => rebalancing(stage, browser))
  await report.check('what a tool of others committed is taken back from the history', () => takenBack(stage, browser))
  await report.check('a read-only console plans, and says why it does not apply', () => readOnly(stage, browser))
}

const grip = (page: Page, partition: number) => page.getByRole('slider', { name: new RegExp(`partition ${partition}$`) })

async function apply(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Apply' }).click()
  await page.getByText(/Applied and read back/).waitFor()
}

export async function byKeys(stage: Stage, browser: Browser): Promise<void> {
  await using watched = await open(browser, DESKTOP)
  const { page } = watched
  const before = await stage.places('billing')
  await page.goto(`${stage.url}/groups/billing`)
  await grip(page, 1).focus()
  await page.keyboard.press('ArrowLeft')
  await page.keyboard.press('ArrowLeft')
  equal(await grip(page, 1).getAttribute('aria-valuenow'), '398')
  await page.getByText('plan: 398').waitFor()
  await accessible(page)
  await page.getByRole('button', { name: 'Review' }).click()
  await page
    .getByText(/2 records/)
    .first()
    .waitFor()
  await page.getByLabel('Reason, for the record').fill('replay after fix 412')
  await apply(page)
  equal((await stage.places('billing')).split('\n')[1]!.split(' ').slice(0, 2), ['orders-1:', '398'])
  await page.getByRole('status').getByRole('button', { name: 'Undo' }).click()
  await page.getByText('Move: review').waitFor()
  await apply(page)
  equal(await stage.places('billing'), before)
  await page.goto(`${stage.url}/history`)
  await page.getByText('“replay after fix 412”').waitFor()
  await page.getByText('undone', { exact: true }).waitFor()
  equal(watched.faults, [])
}

async function byMouse(stage: Stage, browser: Browser): Promise<void> {
  await using watched = await open(browser, PHONE)
  const { page } = watched
  await page.goto(`${stage.url}/groups/billing?range=whole`)
  const mark = grip(page, 0)
  await mark.scrollIntoViewIfNeeded()
  const ruler = (await mark.locator('..').boundingBox())!
  const at = (await mark.boundingBox())!
  await page.mouse.move(at.x + 1, at.y + at.height / 2)
  await page.mouse.down()
  await page.mouse.move(ruler.x + ruler.width / 2, at.y + at.height / 2, { steps: 4 })
  await page.mouse.up()
  const planned = Number(await mark.getAttribute('aria-valuenow'))
  if (planned < 480 || planned > 520) throw new Error(`the middle of a log of 1,000 is planned as ${planned}`)
  await page.getByRole('button', { name: 'Drop', exact: true }).click()
  equal(await mark.getAttribute('aria-valuenow'), '900')
  equal(watched.faults, [])
}

async function byForm(stage: Stage, browser: Browser): Promise<void> {
  await using watched = await open(browser, DESKTOP)
  const { page } = watched
  await page.goto(`${stage.url}/groups/billing`)
  await page.getByRole('button', { name: 'Move', exact: true }).click()
  await page.getByLabel(/An offset/).check()
  await page.getByText('name an offset').waitFor()
  await page.getByRole('spinbutton', { name: 'Offset' }).fill('5000')
  await page.getByRole('button', { name: 'Review' }).click()
  const button = page.getByRole('button', { name: 'Apply' })
  await page.getByText(/accept each fallback above/).waitFor()
  equal(await button.getAttribute('aria-disabled'), 'true')
  await page.getByRole('checkbox', { name: /clamped-to-end/ }).check()
  await apply(page)
  equal(
    (await stage.admin.groups.offsets('billing')).map((o) => o.offset),
    [1_000, 1_000, 1_000],
  )
  await stage.commit('billing', 'orders', [900, 400, 10])
  equal(watched.faults, [])
}

async function byAgo(stage: Stage, browser: Browser): Promise<void> {
  await using watched = await open(browser, DESKTOP)
  const { page } = watched
  await page.goto(`${stage.url}/groups/billing/move`)
  await page.getByLabel(/So long ago/).check()
  const field = page.getByRole('textbox', { name: 'How long ago' })
  await field.fill('yesterday')
  await page.getByText('this is not a time').waitFor()
  await field.fill('-1h')
  await accessible(page)
  await page.getByRole('button', { name: 'Review' }).click()
  await page.getByText('Move: review').waitFor()
  const command = await page
    .getByText(/^tidemark offsets move billing --to/)
    .first()
    .textContent()
  const [, time] = /--to @(\S+)/.exec(command ?? '') ?? []
  const agoMs = Date.now() - Date.parse(time ?? '')
  if (!(agoMs >= 3_600_000 && agoMs < 3_660_000)) throw new Error(`-1h became ${command}`)
  equal(watched.faults, [])
}

async function plan(page: Page, stage: Stage, group: string): Promise<void> {
  await page.goto(`${stage.url}/groups/${group}/move`)
  await page.getByLabel(/The start of the log/).check()
  await page.getByRole('button', { name: 'Review' }).click()
  await page.getByText('Move: review').waitFor()
}

async function stale(stage: Stage, browser: Browser): Promise<void> {
  await using watched = await open(browser, DESKTOP)
  const { page } = watched
  await plan(page, stage, 'billing')
  await stage.commit('billing', 'orders', [901, 400, 10])
  const before = await stage.places('billing')
  await page.getByRole('button', { name: 'Apply' }).click()
  await page.getByText('PLAN_STALE').waitFor()
  equal(await stage.places('billing'), before)
}

async function active(stage: Stage, browser: Browser): Promise<void> {
  await stage.commit('busy', 'orders', [1_000, 1_000, 1_000])
  await using worker = await Member.join(stage.kafka, 'busy')
  await using watched = await open(browser, DESKTOP)
  const { page } = watched
  await plan(page, stage, 'busy')
  await page.getByText(/the group has 1 member: stop them/).waitFor()
  equal(await page.getByRole('button', { name: 'Apply' }).getAttribute('aria-disabled'), 'true')
  await page.getByRole('button', { name: /Wait until it is empty/ }).click()
  await page.getByText('Waiting until the group is empty; nothing has changed yet').waitFor()
  await worker.leave()
  await page.getByText(/Applied and read back/).waitFor()
  equal(
    (await stage.admin.groups.offsets('busy')).map((o) => o.offset),
    [0, 0, 0],
  )
  equal(watched.faults, [])
}

async function rebalancing(stage: Stage, browser: Browser): Promise<void> {
  await stage.commit('growing', 'orders', [1_000, 1_000, 1_000])
  await using watched = await open(browser, DESKTOP)
  const { page } = watched
  await page.goto(`${stage.url}/groups/growing`)
  const members = page.locator('.stat', { hasText: 'Members' }).locator('strong')
  const shows = async (count: string): Promise<void> => {
    await page.waitForFunction(inPage.hasText, [await members.elementHandle(), count] as const)
  }
  await shows('0')
  await using first = await Member.join(stage.kafka, 'growing')
  await shows('1')
  await page.getByText('Stable').waitFor()
  await using second = await Member.join(stage.kafka, 'growing')
  await shows('2')
  await page
    .getByRole('table')
    .filter({ hasText: 'Member id' })
    .getByText(/orders/)
    .first()
    .waitFor()
  await first.leave()
  await shows('1')
  await second.leave()
  await shows('0')
  equal(watched.faults, [])
}

async function takenBack(stage: Stage, browser: Browser): Promise<void> {
  await stage.commit('moved', 'orders', [500, 500, 500])
  // The log of commits tells times in milliseconds: what comes within one is the same moment.
  for (const at = Date.now() + 2; Date.now() <= at; ) await stage.places('moved')
  await stage.commit('moved', 'orders', [500, 20, 500])
  await using watched = await open(browser, DESKTOP)
  const { page } = watched
  await page.goto(`${stage.url}/history?group=moved`)
  await page.getByRole('row').filter({ hasText: 'back' }).getByRole('button', { name: 'Undo' }).click()
  await page.getByText('Move: review').waitFor()
  equal(await page.getByText(/committed again after the move/).count(), 0)
  await stage.commit('moved', 'orders', [500, 25, 500])
  await page.goto(`${stage.url}/history?group=moved`)
  await page.getByRole('row').filter({ hasText: 'back' }).getByRole('button', { name: 'Undo' }).click()
  await page.getByText('orders-1 was committed again after the move that is taken back').waitFor()
  await apply(page)
  equal(
    (await stage.admin.groups.offsets('moved')).map((o) => o.offset),
    [500, 500, 500],
  )
  await page.goto(`${stage.url}/history?group=moved`)
  const slider = page.getByRole('slider', { name: 'Time' })
  await slider.focus()
  await page.keyboard.press('Home')
  await page.getByText('none', { exact: true }).first().waitFor()
  equal(watched.faults, [])
}

async function readOnly(stage: Stage, browser: Browser): Promise<void> {
  await stage.stopConsole()
  await stage.startConsole({ readOnly: true })
  await using watched = await open(browser, DESKTOP)
  const { page } = watched
  await page.goto(`${stage.url}/groups/billing`)
  await page.getByText('this console is read-only').waitFor()
  equal(await page.getByRole('slider').count(), 0)
  await plan(page, stage, 'billing')
  equal(await page.getByRole('button', { name: 'Apply' }).getAttribute('aria-disabled'), 'true')
  equal(watched.faults, [])
}
