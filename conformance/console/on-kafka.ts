/** The console over Apache Kafka: its pages, a move and its undo. */
import type { Browser } from 'playwright-core'
import { startKafka } from '../kafka/cluster.ts'
import { kafkaJars, NEWEST } from '../kafka/jars.ts'
import { equal, type Report } from '../report.ts'
import { NotToBeHad } from '../tools.ts'
import { DESKTOP, open } from './browser.ts'
import { byKeys } from './moves.ts'
import { PAGES } from './pages.ts'
import { Stage } from './stage.ts'

export async function onKafka(report: Report, browser: Browser): Promise<void> {
  try {
    kafkaJars(NEWEST)
  } catch (error) {
    if (!(error instanceof NotToBeHad)) throw error
    return report.skip(`on Apache Kafka ${NEWEST}`, error.message)
  }
  const kafka = await startKafka(NEWEST, 1)
  try {
    await using stage = await Stage.over(kafka.brokers)
    await stage.fill('orders', 3_000, 3)
    await stage.commit('billing', 'orders', [900, 400, 10])
    for (const [path, text] of PAGES) {
      await report.check(`${path} on Apache Kafka ${NEWEST}`, async () => {
        await using watched = await open(browser, DESKTOP)
        await watched.page.goto(stage.url + path)
        await watched.page.getByText(text).first().waitFor()
        equal(watched.faults, [])
      })
    }
    await report.check(`a move by arrow keys, undone byte for byte, on Apache Kafka ${NEWEST}`, () => byKeys(stage, browser))
  } finally {
    await kafka.close()
  }
}
