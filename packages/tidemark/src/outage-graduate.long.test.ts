/** The other cluster goes away in the middle of `graduate`, for longer than it is waited for, and comes back. */
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { startBroker } from '@tidemark/broker'
import { createAdmin, createKafka, createProducer, read } from '@tidemark/client'
import { afterAll, expect, test } from 'vitest'
import { endAll, finished, start, startWith, stopped, up, wrote } from './testing/command.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-outage-'))
afterAll(async () => {
  await endAll()
  rmSync(folder, { recursive: true })
})

const RECORDS = 20_000

test('what was copied before is not copied again', async () => {
  await using source = await startBroker({ data: ':memory:' })
  await using from = createKafka({ brokers: source.brokers })
  const { topics, groups } = createAdmin(from)
  await topics.create('orders')
  await using producer = createProducer(from)
  const value = 'x'.repeat(1_000)
  await producer.send(
    'orders',
    Array.from({ length: RECORDS }, (_, i) => ({ value: `${i} ${value}` })),
  )
  await groups.setOffsets('billing', [{ topic: 'orders', partition: 0, offset: 1_234 }])

  const data = path.join(folder, 'data')
  const { address, child } = await up('--data', data)
  const graduate = () => {
    const env = { ...process.env, XDG_STATE_HOME: folder, XDG_CONFIG_HOME: folder }
    const child = startWith({ env }, 'graduate', '-b', source.brokers[0]!, '--to-brokers', address, '--yes')
    child.stdin!.end()
    return child
  }
  const first = graduate()
  const outcome = finished(first)
  await wrote(first, 'stderr', 'records copied')
  await stopped(child, 'SIGKILL')
  expect(await outcome).toMatchObject({ code: 1, stderr: expect.stringMatching(/\ntidemark: /) })

  const again = start('up', '--listen', address, '--data', data)
  await once(again.stdout!, 'data')
  const { code, stderr } = await finished(graduate())
  expect([code, stderr]).toEqual([
    0,
    expect.stringMatching(/copied [\d,]+ records, and compared them and the [\d,]+ that were there before; 1 group in place/),
  ])
  await using to = createKafka({ brokers: [address] })
  const found: number[] = []
  for await (const message of read(to, 'orders', { to: 'end' })) found.push(Number.parseInt(String(message.value), 10))
  expect(found).toEqual(Array.from({ length: RECORDS }, (_, i) => i))
  expect(await createAdmin(to).groups.offsets('billing')).toMatchObject([{ offset: 1_234 }])
})
