/**
 * Where the figures of full runs are kept: a section a script in docs/kills.md, replaced whole; `--quick` runs write
 * nothing.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import { markdownTable } from '../../scripts/markdown.ts'

export const isQuick = process.argv.includes('--quick')

const FILE = new URL('../../docs/kills.md', import.meta.url)
const HEAD = `# Kills and damage

What was done to the broker and its consumers, and what came of it: figures of full runs. Each section is written by the script it names.
`

export function keepFigures(title: string, script: string, rows: readonly (readonly [string, string])[]): void {
  const day = new Date().toISOString().slice(0, 10)
  const machine = `${os.cpus().length} cores (${os.cpus()[0]?.model.trim()}), ${(os.totalmem() / 2 ** 30).toFixed(0)} GB, Node ${process.version}`
  const command = `node --conditions=@tidemark/source conformance/kills/${script}`
  console.log(rows.map(([what, figure]) => `         ${what}: ${figure}`).join('\n'))
  if (isQuick) return
  const section = `## ${title}\n\n\`${command}\` — ${day}, ${machine}\n\n${markdownTable(['what', 'figure'], rows).join('\n')}\n`
  const before = existsSync(FILE) ? readFileSync(FILE, 'utf8') : HEAD
  const others = before.split(/^(?=## )/m).filter((part) => !part.startsWith(`## ${title}\n`))
  writeFileSync(FILE, `${others.map((part) => part.trimEnd()).join('\n\n')}\n\n${section}`)
}
