/**
 * Programs of others, each run on our broker and on Apache Kafka 4.3.1: what it was answered is compared, step by
 * step. A difference is ours to mend, or stands with its reason in the program's `differs`.
 */
import { equal, type Report } from '../report.ts'
import { NotToBeHad } from '../tools.ts'
import { kafkaConsole } from './kafka-console.ts'
import { kafkatop } from './kafkatop.ts'
import { type Answers, onKafka, onOurs, type Program } from './program.ts'
import { sarama } from './sarama.ts'

const PROGRAMS: readonly Program[] = [kafkaConsole, kafkatop, sarama]

export async function judge(report: Report, full: boolean): Promise<void> {
  const programs: Program[] = []
  for (const program of PROGRAMS) {
    if (!full && !program.inSlice) {
      report.skip(program.name, 'a process a line: in the full run alone')
      continue
    }
    try {
      await program.build()
      programs.push(program)
    } catch (error) {
      if (!(error instanceof NotToBeHad)) throw error
      report.skip(program.name, error.message)
    }
  }
  if (programs.length === 0) return
  const ours = await onOurs((address) => playAll(programs, address))
  const theirs = await onKafka((address) => playAll(programs, address))
  for (const [nth, program] of programs.entries()) await compare(report, program, ours[nth]!, theirs[nth]!)
}

async function playAll(programs: readonly Program[], address: string): Promise<readonly Answers[]> {
  const all: Answers[] = []
  for (const program of programs) all.push(await program.play(address))
  return all
}

async function compare(report: Report, { name: program, differs }: Program, ours: Answers, theirs: Answers): Promise<void> {
  const steps = new Set([...theirs.keys(), ...ours.keys()])
  await report.check(`${program}: runs to its end`, () => {
    if (!theirs.has(program)) throw new Error(`on Apache Kafka it ended after ${theirs.size} steps: ${[...theirs.values()].at(-1)}`)
    if (!ours.has(program)) throw new Error(`on ours it ended after ${ours.size} steps: ${[...ours.values()].at(-1)}`)
  })
  for (const step of steps) {
    const name = `${program}: ${step}`
    const why = differs.find(([pattern]) => pattern.test(step))?.[1]
    if (step === program) continue
    if (why === undefined) await report.check(name, () => equal(ours.get(step), theirs.get(step)))
    else if (ours.get(step) !== theirs.get(step)) report.skip(name, why)
    else await report.check(name, () => Promise.reject(new Error(`it is answered as by Kafka now: ${why}`)))
  }
}
