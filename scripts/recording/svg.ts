/**
 * Screens of a terminal as one animated SVG. The frames stand side by side as on a film, which CSS moves by one frame
 * at a time; lines that several frames have in common are written once. Light and dark follow the reader's system, and
 * a reader who wants no motion sees the last frame.
 */
import type { Cell } from './terminal.ts'

export interface Frame {
  readonly atMs: number
  readonly lines: readonly (readonly Cell[])[]
}

const CELL_WIDTH = 8.4
const LINE_HEIGHT = 18
const FONT_SIZE = 14
const PADDING = 14
const HOLD_LAST_MS = 8_000

export function animated(frames: readonly Frame[], columns: number, title: string): string {
  const width = Math.ceil(columns * CELL_WIDTH + 2 * PADDING)
  const height = frames[0]!.lines.length * LINE_HEIGHT + 2 * PADDING
  const symbols = new Map<string, string>()
  const idOf = (drawn: string): string => {
    if (!symbols.has(drawn)) symbols.set(drawn, `l${symbols.size}`)
    return symbols.get(drawn)!
  }
  const film = frames.map(({ lines }, i) => {
    const uses = lines.flatMap((line, row) => {
      const drawn = drawLine(line)
      return drawn === '' ? [] : [`<use href="#${idOf(drawn)}" y="${row * LINE_HEIGHT}"/>`]
    })
    return `<g transform="translate(${i * width} 0)">${uses.join('')}</g>`
  })
  const defs = [...symbols].map(([drawn, id]) => `<g id="${id}">${drawn}</g>`)
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>${escaped(title)}</title>
<style>${styleOf(frames, width)}</style>
<defs>
${defs.join('\n')}
</defs>
<rect class="screen" width="${width}" height="${height}" rx="8"/>
<svg x="${PADDING}" y="${PADDING}" width="${width - PADDING}" height="${height - PADDING}">
<g class="film">
${film.join('\n')}
</g>
</svg>
</svg>
`
}

function styleOf(frames: readonly Frame[], width: number): string {
  const begunMs = frames[0]!.atMs
  const wholeMs = frames.at(-1)!.atMs - begunMs + HOLD_LAST_MS
  const at = (i: number): string => `translateX(${-i * width}px)`
  const steps = frames.map(({ atMs }, i) => `${(((atMs - begunMs) / wholeMs) * 100).toFixed(2)}%{transform:${at(i)}}`)
  const last = at(frames.length - 1)
  return `
.screen{fill:#f6f8fa}
text{font:${FONT_SIZE}px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;fill:#1f2328;white-space:pre}
.s2{fill:#818b98}.s31{fill:#cf222e}.s32{fill:#1a7f37}.s33{fill:#d4a72c}.s34{fill:#0969da}.s35{fill:#8250df}.s36{fill:#1b7c83}
@media(prefers-color-scheme:dark){.screen{fill:#0d1117}text{fill:#e6edf3}
.s2{fill:#7d8590}.s31{fill:#ff7b72}.s32{fill:#3fb950}.s33{fill:#9e6a03}.s34{fill:#79c0ff}.s35{fill:#d2a8ff}.s36{fill:#56d4dd}}
.film{animation:play ${(wholeMs / 1000).toFixed(1)}s step-end infinite}
@keyframes play{${steps.join('')}100%{transform:${last}}}
@media(prefers-reduced-motion:reduce){.film{animation:none;transform:${last}}}
`
}

interface Run {
  readonly column: number
  readonly sgr: string
  text: string
}

const BLOCKS = /^[█▒]+$/

function drawLine(line: readonly Cell[]): string {
  return runsOf(line).map(drawRun).join('')
}

/** Cells of one style, without the blanks around them; blocks are runs of their own. */
function runsOf(line: readonly Cell[]): Run[] {
  const runs: (Run & { kind: string })[] = []
  for (const [column, { text, sgr }] of line.entries()) {
    const kind = BLOCKS.test(text) ? text : 'text'
    const last = runs.at(-1)
    if (last !== undefined && last.sgr === sgr && last.kind === kind) last.text += text
    else runs.push({ column, sgr, text, kind })
  }
  return runs
    .map((run) => ({ ...run, column: run.column + run.text.length - run.text.trimStart().length, text: run.text.trim() }))
    .filter(({ text }) => text !== '')
}

function drawRun({ column, sgr, text }: Run): string {
  const x = round(column * CELL_WIDTH)
  const width = round(text.length * CELL_WIDTH)
  const style = sgr === '0' ? '' : ` class="s${sgr}"`
  if (BLOCKS.test(text)) return `<rect${style} x="${x}" y="3" width="${width}" height="${LINE_HEIGHT - 5}"/>`
  // The length makes columns stand below each other in every font.
  return `<text${style} x="${x}" y="${FONT_SIZE}" textLength="${width}" lengthAdjust="spacingAndGlyphs">${escaped(text)}</text>`
}

const round = (n: number): number => Math.round(n * 10) / 10
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
