/**
 * The whole command line, a process a line: docs/guide/commands.md has what each command prints, and each broker must
 * give that. `npm test` types it on ours; here it is typed on Apache Kafka.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { startBroker } from '@tidemark/broker'
import { SCRIPTS } from '../../packages/tidemark/src/completion/scripts.ts'
import { KAFKA_WITH_ACLS } from '../kafka/alike.ts'
import { startKafka } from '../kafka/cluster.ts'
import { type KafkaVersion, kafkaJars, versionsOf } from '../kafka/jars.ts'
import type { Report } from '../report.ts'
import { debianProgram } from '../tools.ts'
import { differs } from './differs.ts'
import { compared } from './normalise.ts'
import { warmUp } from './ours.ts'
import { typeAll } from './run.ts'
import { type Step, shortened, tableOf, tablePage } from './table.ts'

const ALL = tableOf(tablePage())

export async function judge(report: Report, full: boolean): Promise<void> {
  await completionScripts(report)
  for (const version of versionsOf(full)) {
    kafkaJars(version)
    await judgeOn(report, version, full ? ALL : ALL.filter(({ line }) => !/-o (json|yaml|csv)/.test(line) || line.includes('--yes')))
  }
  if (!full) report.skip('JSON, YAML and CSV, and all of it on Kafka 3.9.1', 'take minutes: in the full run alone')
}

/** Each is read by its own shell. bash completes in the tests. */
async function completionScripts(report: Report): Promise<void> {
  for (const shell of ['zsh', 'fish'] as const) {
    const name = `the completion script is one that ${shell} can read`
    if (!debianProgram(shell)) report.skip(name, `${shell} cannot be had here`)
    else await report.check(name, () => isReadBy(shell))
  }
}

function isReadBy(shell: 'zsh' | 'fish'): void {
  const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-completion-'))
  const file = path.join(folder, 'tidemark')
  writeFileSync(file, SCRIPTS[shell])
  const { status, stderr } = spawnSync(shell, ['-n', file], { encoding: 'utf8' })
  rmSync(folder, { recursive: true })
  if (status !== 0) throw new Error(stderr)
}

async function judgeOn(report: Report, version: KafkaVersion, steps: readonly Step[]): Promise<void> {
  await using other = await startBroker({ data: ':memory:' })
  const kafka = await startKafka(version, 1, KAFKA_WITH_ACLS)
  try {
    await warmUp(kafka.brokers)
    const answers = shortened(steps, await typeAll(steps, { brokers: kafka.brokers, other: other.brokers, settles: true }))
    for (const [i, { line, answer }] of steps.entries()) {
      const name = `on Kafka ${version}: ${line}`
      const reason = differs(version, line)
      const isEqual = compared(answers[i]!) === compared(answer)
      if (reason === undefined) await report.check(name, () => mustBeEqual(isEqual, answers[i]!, answer))
      else if (isEqual) await report.check(name, () => Promise.reject(new Error(`it answers as ours does now: ${reason}`)))
      else report.skip(name, reason)
    }
  } finally {
    await kafka.close()
  }
}

function mustBeEqual(isEqual: boolean, found: string, wanted: string): void {
  if (isEqual) return
  const [ours, theirs] = [wanted.split('\n'), found.split('\n')]
  const at = theirs.findIndex((line, i) => compared(line) !== compared(ours[i] ?? ''))
  throw new Error(`line ${at + 1} is ${JSON.stringify(theirs[at])}, must be ${JSON.stringify(ours[at])}`)
}
