/**
 * The live picture of a terminal: each partition's log as a bar, with what is committed, where it ends, its lag and its
 * owner, and the latest events. Every line fits the terminal's width.
 */
import type { GroupPosition } from '@tidemark/offsets'
import { wrapped } from '../print/width.ts'
import type { Progress } from './progress.ts'

export interface Screen {
  readonly columns: number
  readonly rows: number
  readonly hasColors: boolean
}

const BAR_MAX = 40
const BAR_MIN = 4
const OWNER_WIDTH = 'counter-1 ← counter-2'.length
/** Of a row without its bar: the partition, three numbers, the owner, and spaces between them. */
const REST_WIDTH = 4 + 2 + 6 + 1 + 6 + 1 + 5 + 2 + OWNER_WIDTH
const EVENT_LINES_MAX = 8
const EVENT_INDENT = 9

type Paint = (text: string, sgr: string) => string
const painted: Paint = (text, sgr) => (text === '' ? '' : `\x1b[${sgr}m${text}\x1b[0m`)
const plain: Paint = (text) => text

const GREEN = '32'
const YELLOW = '33'
const RED = '31'
const FAINT = '2'
const OWNERS = ['36', '35', '34']

export function pictureOf(progress: Progress, positions: readonly GroupPosition[], total: number, screen: Screen): string[] {
  // The last column stays empty: some terminals wrap after it.
  const width = Math.max(20, screen.columns - 1)
  const paint = screen.hasColors ? painted : plain
  const barWidth = Math.min(BAR_MAX, width - REST_WIDTH)
  const isNarrow = barWidth < BAR_MIN
  const barOf = (text: string): string => (isNarrow ? '' : `${text}  `)
  const most = Math.max(1, ...positions.map((p) => p.end ?? 0), total / progress.partitions)
  const rows = Array.from({ length: progress.partitions }, (_, partition) => {
    const p = positions.find((at) => at.partition === partition)
    const committed = p?.committed ?? 0
    const end = p?.end ?? 0
    const numbers = `${number(committed, 6)} ${number(end, 6)} ${number(end - committed, 5)}`
    return `  ${partition} ${barOf(isNarrow ? '' : bar(committed, end, most, barWidth, paint))}${numbers}  ${ownerOf(progress, partition, paint, isNarrow)}`
  })
  const { produced, delivered, handledText, seconds } = progress
  const rate = Math.round(delivered / Math.max(0.1, seconds))
  const spare = Math.max(0, Math.min(EVENT_LINES_MAX, screen.rows - rows.length - 4))
  const events = spare === 0 ? [] : progress.events.flatMap((event) => wrapped(event, width, EVENT_INDENT)).slice(-spare)
  return [
    cut(`${produced} of ${total} produced, ${handledText}, ${rate}/s`, width),
    paint(
      cut(`  P ${barOf('log'.padEnd(barWidth))}${'commit'.padStart(6)} ${'end'.padStart(6)} ${'lag'.padStart(5)}  owner`, width),
      FAINT,
    ),
    ...rows,
    '',
    ...events,
    ...Array.from({ length: spare - events.length }, () => ''),
  ]
}

const number = (n: number, width: number): string => String(n).padStart(width)
const cut = (text: string, width: number): string => (text.length <= width ? text : `${text.slice(0, width - 1)}…`)

function bar(committed: number, end: number, most: number, width: number, paint: Paint): string {
  const done = Math.min(width, Math.round((committed / most) * width))
  const written = Math.min(width, Math.max(done, Math.round((end / most) * width)))
  return paint('█'.repeat(done), GREEN) + paint('▒'.repeat(written - done), YELLOW) + paint('·'.repeat(width - written), FAINT)
}

/** On a narrow terminal without the owner before this one. */
function ownerOf(progress: Progress, partition: number, paint: Paint, isNarrow: boolean): string {
  const owner = progress.owner(partition)?.name
  const previous = progress.previousOwner(partition)
  const named = (name: string): string => paint(name, OWNERS[(Number(name.at(-1)) - 1) % OWNERS.length] ?? FAINT)
  if (owner === undefined) return previous?.isDead ? paint(isNarrow ? 'killed' : `${previous.name} killed`, RED) : '-'
  return previous === undefined || isNarrow ? named(owner) : `${named(owner)} ← ${paint(previous.name, previous.isDead ? RED : FAINT)}`
}

/** Draws pictures over each other. */
export class Canvas {
  readonly #stream: NodeJS.WriteStream
  #drawn = 0

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream
    // Lines of another width wrap differently: the picture begins anew.
    stream.on('resize', () => {
      stream.write('\x1b[2J\x1b[H')
      this.#drawn = 0
    })
  }

  get screen(): Screen {
    const { columns = 80, rows = 24 } = this.#stream
    return { columns, rows, hasColors: this.#stream.hasColors() }
  }

  draw(lines: readonly string[]): void {
    const up = this.#drawn > 0 ? `\x1b[${this.#drawn}A` : ''
    this.#stream.write(`${up}\r${lines.map((line) => `${line}\x1b[K\n`).join('')}\x1b[J`)
    this.#drawn = lines.length
  }
}
