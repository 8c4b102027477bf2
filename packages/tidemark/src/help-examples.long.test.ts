/** Every example of every `--help` is typed as it stands there, against a broker that has what it names. */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { type Broker, startBroker } from '@tidemark/broker'
import { createAdmin, createKafka, createProducer, type Kafka } from '@tidemark/client'
import type { Command } from 'commander'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadProgram } from './program.ts'
import { Shell } from './testing/shell.ts'

/** Of the examples that are not run, why. */
const NOT_RUN: readonly (readonly [example: RegExp, why: string])[] = [
  [/^tidemark (up|demo|console)\b/, 'run until they are ended, at an address of their own: each has tests of its own'],
  [/--watch|--follow|--serve/, 'go on until they are ended'],
  [/example\.org|kafka-[12]:|--to-profile|cloud\.properties|--ca ca\.pem|oauthbearer/, 'name a cluster or files that only their user has'],
  [/^tidemark offsets undo 2026/, 'names a move of another day'],
  [/^tidemark replay billing --from @-2h/, 'waits until consumers have come to the end'],
  [/^tidemark replay .*--keep/, 'waits until consumers have come to the end'],
  [/^tidemark produce orders$/, 'reads a terminal'],
  [/^tidemark consume orders --group billing$/, 'goes on until it is ended'],
  [/^tidemark acl /, 'an authorizer has a broker of its own: secured.e2e.test.ts'],
  [/fish|zsh/, 'written for another shell than the one that runs this'],
]

async function examples(): Promise<(readonly [command: string, line: string])[]> {
  const found: [string, string][] = []
  const visit = (command: Command, name: string): void => {
    let text = ''
    command.configureOutput({
      writeOut: (part) => {
        text += part
      },
    })
    command.outputHelp()
    const [, block = ''] = /^Examples?:\n((?: {2}.*\n?)+)/m.exec(text) ?? []
    for (const line of block.split('\n').filter((it) => it.includes('tidemark'))) found.push([name, line.trim().split(/ {3,}/)[0]!])
    for (const sub of command.commands) visit(sub as Command, `${name} ${sub.name()}`)
  }
  visit(await loadProgram('all'), 'tidemark')
  return found
}

const all = await examples()
const reasonFor = (line: string): string | undefined => NOT_RUN.find(([pattern]) => pattern.test(line))?.[1]
let shell: Shell
let broker: Broker
let kafka: Kafka

beforeAll(async () => {
  broker = await startBroker({ data: ':memory:' })
  kafka = createKafka({ brokers: broker.brokers })
  shell = new Shell(broker.brokers)
  writeFileSync(path.join(shell.folder, 'secret'), 'a secret\n')
})
afterAll(async () => {
  await kafka.close()
  await broker.close()
  shell.close()
})

/** What the examples speak of, as new; without what this one makes. */
async function prepare(line: string): Promise<void> {
  const { topics, groups, quotas } = createAdmin(kafka)
  const known = new Set((await topics.list()).map(({ name }) => name))
  for (const name of ['orders', 'old-orders', 'copy', 'profiles']) {
    if (known.has(name)) await topics.delete(name)
    if (line.startsWith(`tidemark topic create ${name}`)) continue
    await topics.create(name, { partitions: 6 })
    await using producer = createProducer(kafka)
    await producer.send(
      name,
      Array.from({ length: 12 }, (_, i) => ({ key: `${i}`, value: `${i}`, partition: i % 6 })),
    )
  }
  const read = ['orders', 'old-orders'].filter((name) => !line.startsWith(`tidemark topic create ${name}`))
  const offsets = read.flatMap((topic) => [0, 1, 2, 3, 4, 5].map((partition) => ({ topic, partition, offset: 1 })))
  for (const group of ['billing', 'shipping', '-x']) await groups.setOffsets(group, offsets)
  for (const entity of [{ user: 'app' }, { user: 'app', clientId: 'reports' }])
    await quotas.alter(entity, { producer_byte_rate: 1_000_000 })
}

test('there are examples, and a reason for each that is not run', () => {
  expect(all.length).toBeGreaterThan(80)
  for (const [pattern] of NOT_RUN)
    expect(
      all.some(([, line]) => pattern.test(line)),
      String(pattern),
    ).toBe(true)
})

describe.skipIf(process.platform === 'win32')('an example of', () => {
  const runnable = all.filter(([, line]) => reasonFor(line) === undefined)

  // 3: what moves or deletes is shown, and not done without --yes.
  test.each(runnable)('%s: %s', async (_, line) => {
    await prepare(line)
    // A plan is of the topics as they are now.
    if (line.startsWith('tidemark offsets apply'))
      await shell.run('tidemark offsets plan billing --to start --topic orders:0 --out plan.json')
    const { code, stdout, stderr } = await shell.run(line)
    expect([0, 3], `${line}\n${stdout}\n${stderr}`).toContain(code)
  })
})
