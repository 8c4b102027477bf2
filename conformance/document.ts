/**
 * Writes docs/conformance.md, a section a judge: what a full run of it found, and every case that is not run, with its
 * reason.
 */
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Report } from './report.ts'
import { writeDocument } from './tools.ts'

const FILE = fileURLToPath(new URL('../docs/conformance.md', import.meta.url))
const HEAD = `# Conformance

Written by \`npm run conformance -- --full\`, each section by the last full run of its judge; not by hand. \`npm run conformance\` runs a slice of
every judge in a few minutes; \`--only NAME\` runs one. What each judge is stands in conformance/README.md.
`

/** Replaces the section of this judge and leaves the others. */
export function writeSection(report: Report, seconds: number, versions: string): void {
  const sections = new Map<string, string>()
  for (const section of existsSync(FILE) ? readFileSync(FILE, 'utf8').split(/^## /m).slice(1) : []) {
    sections.set(section.slice(0, section.indexOf('\n')), section.trimEnd())
  }
  sections.set(report.judge, sectionOf(report, seconds, versions))
  const ordered = [...sections.entries()].sort(([a], [b]) => (a < b ? -1 : 1))
  writeDocument(FILE, `${HEAD}${ordered.map(([, text]) => `\n## ${text}\n`).join('')}`)
}

function sectionOf(report: Report, seconds: number, versions: string): string {
  const byReason = new Map<string, string[]>()
  for (const [name, why] of report.notRun) byReason.set(why, [...(byReason.get(why) ?? []), name])
  return [
    report.judge,
    '',
    `${versions}. ${report.passed} passed, ${report.failed} failed, ${report.skipped} skipped, in ${Math.round(seconds)} s.`,
    ...(report.failures.length === 0 ? [] : ['', `Failed: ${report.failures.join('; ')}.`]),
    ...(byReason.size === 0 ? ['', 'Nothing is left out.'] : ['', '| not run | why |', '| --- | --- |']),
    ...[...byReason].map(([why, names]) => `| ${names.join('<br>')} | ${why.replaceAll('|', '\\|')} |`),
  ].join('\n')
}
