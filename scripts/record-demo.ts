/**
 * Runs the demo in a pseudo-terminal and records it: `docs/demo.svg`, for the README.
 *
 * ```sh
 * node scripts/record-demo.ts                          # 80 columns, docs/demo.svg
 * node scripts/record-demo.ts --columns=60 --check     # records nothing: fails if a line is too long
 * ```
 * Needs a build (`npm run build`) and `script` of util-linux. Process ids and ports are replaced by fixed ones, so that
 * two recordings differ in their times alone.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { animated, type Frame } from './recording/svg.ts'
import { Terminal } from './recording/terminal.ts'

const FRAME_MS = 250
const ROWS = 26
const root = path.dirname(import.meta.dirname)
const { values } = parseArgs({ options: { columns: { type: 'string', default: '80' }, check: { type: 'boolean' } } })
const columns = Number(values.columns)

/** Fixed numbers in the order of appearance, with as many digits as the real ones. */
function stable(): (text: string) => string {
  const known = new Map<string, string>()
  const fixed = (found: string): string => {
    if (!known.has(found)) known.set(found, String(10 ** (found.length - 1) * 4 + 101 * (known.size + 1)).slice(0, found.length))
    return known.get(found)!
  }
  return (text) =>
    text
      .replaceAll(/(?<=\b(?:process|broker)\s+)\d{3,}/g, fixed)
      .replaceAll(/(?<=127\.0\.0\.1:)\d+/g, (port) => '49092'.slice(0, port.length))
}

async function record(): Promise<{ frames: Frame[]; terminal: Terminal; code: number }> {
  const terminal = new Terminal(columns, ROWS)
  terminal.write('\x1b[2m$\x1b[0m npm run demo\r\n')
  const frames: Frame[] = [{ atMs: 0, lines: terminal.lines() }]
  const command = `stty cols ${columns} rows ${ROWS}; exec "${process.execPath}" packages/tidemark/bin/tidemark.js demo`
  const child = spawn('script', ['--quiet', '--flush', '--return', '--command', command, '/dev/null'], {
    cwd: root,
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, TERM: 'xterm-256color', NO_COLOR: undefined, SHELL: '/bin/sh' },
  })
  const replaced = stable()
  const begunMs = performance.now()
  const decoder = new TextDecoder()
  child.stdout.on('data', (chunk) => {
    terminal.write(replaced(decoder.decode(chunk, { stream: true })))
    const atMs = performance.now() - begunMs
    const frame = { atMs, lines: terminal.lines() }
    if (frames.length > 1 && atMs - frames.at(-1)!.atMs < FRAME_MS) frames[frames.length - 1] = { ...frame, atMs: frames.at(-1)!.atMs }
    else frames.push(frame)
  })
  const [code] = (await once(child, 'close')) as [number]
  return { frames, terminal, code }
}

const { frames, terminal, code } = await record()
if (code !== 0) throw new Error(`the demo ended with ${code}:\n${terminal.text()}`)
if (values.check) console.log(terminal.text())
else {
  const svg = animated(frames, columns, 'tidemark demo: a consumer and the broker are killed, and every record is counted once')
  writeFileSync(path.join(root, 'docs', 'demo.svg'), svg)
  console.log(`docs/demo.svg: ${frames.length} frames, ${Math.round(svg.length / 1024)} kB`)
}
