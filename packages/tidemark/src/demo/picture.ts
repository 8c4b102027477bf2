/** The live picture of a terminal: each partition's log as a bar, with what is committed, where it ends, its lag and its owner. */
import type { GroupPosition } from '@tidemark/offsets'
import type { Progress } from './progress.ts'

const BAR_WIDTH = 40
const EVENTS_SHOWN = 8
const ESC = '\x1b['

export class Picture {
  #drawn = 0

  draw(progress: Progress, positions: readonly GroupPosition[], total: number): void {
    const lines = this.#lines(progress, positions, total)
    const up = this.#drawn > 0 ? `${ESC}${this.#drawn}A` : ''
    process.stderr.write(`${up}${lines.map((line) => `${ESC}2K${line}\n`).join('')}`)
    this.#drawn = lines.length
  }

  #lines(progress: Progress, positions: readonly GroupPosition[], total: number): string[] {
    const most = Math.max(1, ...positions.map((p) => p.end ?? 0), total / progress.partitions)
    const bars = Array.from({ length: progress.partitions }, (_, partition) => {
      const p = positions.find((at) => at.partition === partition)
      const committed = p?.committed ?? 0
      const end = p?.end ?? 0
      const owner = progress.owners.get(partition) ?? '-'
      return `  ${partition}  ${bar(committed, end, most)}  ${number(committed)} ${number(end)} ${number(end - committed)}  ${owner}`
    })
    const { produced, delivered, seconds } = progress
    const rate = Math.round(delivered / Math.max(0.1, seconds))
    const events = progress.events.slice(-EVENTS_SHOWN)
    return [
      `flights: ${produced} of ${total} produced, ${delivered} delivered, ${rate}/s`,
      `  P  ${'log'.padEnd(BAR_WIDTH)}  ${'commit'.padStart(7)} ${'end'.padStart(7)} ${'lag'.padStart(7)}  owner`,
      ...bars,
      ...events,
      ...Array.from({ length: EVENTS_SHOWN - events.length }, () => ''),
    ]
  }
}

const number = (n: number): string => String(n).padStart(7)

function bar(committed: number, end: number, most: number): string {
  const done = Math.round((committed / most) * BAR_WIDTH)
  const there = Math.max(done, Math.round((end / most) * BAR_WIDTH))
  return `${'█'.repeat(done)}${'▒'.repeat(there - done)}${'·'.repeat(Math.max(0, BAR_WIDTH - there))}`
}
