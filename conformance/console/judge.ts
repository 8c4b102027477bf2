/** The console in the system's Chromium: its pages, moves, what goes wrong around them, and ten thousand groups. */
import type { Report } from '../report.ts'
import { launch } from './browser.ts'
import { decoded } from './decoded.ts'
import { many } from './many.ts'
import { moves } from './moves.ts'
import { onKafka } from './on-kafka.ts'
import { pages } from './pages.ts'
import { upsets } from './upsets.ts'

export async function judge(report: Report, full: boolean): Promise<void> {
  const browser = await launch()
  try {
    await pages(report, browser, full)
    await moves(report, browser)
    await upsets(report, browser)
    await decoded(report, browser)
    if (full) {
      await many(report, browser)
      await onKafka(report, browser)
    } else report.skip('the other looks of the pages, ten thousand groups, and Apache Kafka', 'take minutes: in the full run alone')
  } finally {
    await browser.close()
  }
}
