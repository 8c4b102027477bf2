/** Writes the section "Facts settled on Apache Kafka" of docs/invariants.md; what stands around it is left as it is. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { writeDocument } from '../tools.ts'
import type { Fact } from './facts.ts'

const FILE = fileURLToPath(new URL('../../docs/invariants.md', import.meta.url))
const HEADING = '## Facts settled on Apache Kafka'

/** `facts`: by who was asked; the first one's questions are the rows. */
export function settle(facts: ReadonlyMap<string, readonly Fact[]>): void {
  const text = readFileSync(FILE, 'utf8')
  const start = text.indexOf(HEADING)
  const next = start < 0 ? -1 : text.indexOf('\n## ', start + 1)
  const before = (start < 0 ? text : text.slice(0, start)).trimEnd()
  const after = next < 0 ? '' : text.slice(next)
  writeDocument(FILE, `${before}\n\n${sectionOf(facts)}${after}`)
}

function sectionOf(facts: ReadonlyMap<string, readonly Fact[]>): string {
  const asked = [...facts.keys()].map((who) => (who === 'ours' ? who : `Kafka ${who}`))
  const questions = [...facts.values()][0] ?? []
  const rows = questions.map(({ question }) => {
    const answers = [...facts.values()].map((list) => list.find((fact) => fact.question === question)?.answer ?? 'not asked')
    return `| ${question} | ${answers.join(' | ')} |`
  })
  return [
    HEADING,
    '',
    'Written by `conformance/kafka` (`npm run conformance -- --full`), which asks all brokers the same and fails where they differ. The group is one',
    'of two members with `cooperative-sticky`, moved through its phases by hand.',
    '',
    `| question | ${asked.join(' | ')} |`,
    `| --- |${asked.map(() => ' --- |').join('')}`,
    ...rows,
    '',
    'So: commit metadata is limited in units of UTF-16 (whatever the name `offset.metadata.max.bytes` says). While a rebalance is being prepared a member',
    'of the current generation may still commit what it drained; from the moment the new generation exists until its assignment is there the',
    'new generation is told REBALANCE_IN_PROGRESS and the old one ILLEGAL_GENERATION. OffsetFetch takes no part in any of it.',
    '',
  ].join('\n')
}
