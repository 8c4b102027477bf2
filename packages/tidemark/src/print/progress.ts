/**
 * A bar on stderr for long work, where that is a terminal: records done of all, rate, and the time that is left.
 * Elsewhere there is no bar, and the caller says a line for each step.
 */

import { durationText } from '@tidemark/offsets'
import { numberText } from '@tidemark/platform'
import { isQuiet, sayAbove } from './print.ts'
import { fitted, widthOf } from './width.ts'

const DRAW_EVERY_MS = 100
/** Of a terminal that does not know its size. */
const COLUMNS = 80
const BAR_MAX = 30
const BAR_MIN = 8
const ERASE = '\r\u001b[K'

export interface Progress {
  readonly done: number
  readonly total: number
  readonly elapsedMs: number
  /** What is being done. */
  readonly label: string
}

/** One line that fits a terminal of so many columns; the bar gives way before the words do. */
export function progressText({ done, total, elapsedMs, label }: Progress, columns: number): string {
  // Records that are written meanwhile are not in the total.
  const part = total === 0 ? 1 : Math.min(1, done / total)
  const perSecond = elapsedMs === 0 ? 0 : Math.round((done * 1_000) / elapsedMs)
  const leftMs = perSecond === 0 ? undefined : ((total - done) * 1_000) / perSecond
  const figures = [
    `${String(Math.floor(100 * part)).padStart(3)} %`,
    `${numberText(done)} of ${numberText(total)}`,
    `${numberText(perSecond)}/s`,
    ...(leftMs === undefined || leftMs <= 0 ? [] : [`${durationText(leftMs)} left`]),
  ].join('  ')
  // The last column stays empty: some terminals wrap after it.
  const width = columns - 1
  const barWidth = Math.min(BAR_MAX, width - widthOf(label) - widthOf(figures) - 4)
  if (barWidth < BAR_MIN) return fitted(`${figures}  ${label}`, width)
  const full = Math.round(barWidth * part)
  return `${label}  ${'█'.repeat(full)}${'░'.repeat(barWidth - full)}  ${figures}`
}

export interface ProgressBar extends Disposable {
  update(done: number, label: string): void
}

/** Undefined where stderr is not a terminal, or nothing is to be said. Disposing of it takes the bar away. */
export function progressBar(total: number, stream: NodeJS.WriteStream = process.stderr): ProgressBar | undefined {
  if (!stream.isTTY || isQuiet() || process.env.TERM === 'dumb') return undefined
  const startedMs = performance.now()
  let drawnMs = Number.NEGATIVE_INFINITY
  sayAbove(ERASE)
  return {
    update(done, label) {
      const nowMs = performance.now()
      if (nowMs - drawnMs < DRAW_EVERY_MS && done < total) return
      drawnMs = nowMs
      stream.write(`${ERASE}${progressText({ done, total, elapsedMs: nowMs - startedMs, label }, stream.columns || COLUMNS)}`)
    },
    [Symbol.dispose]() {
      sayAbove('')
      stream.write(ERASE)
    },
  }
}
