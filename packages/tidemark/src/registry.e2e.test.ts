/** Records with schemas, in the hand of the command line: a broker and a registry on loopback, the built program. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type Broker, startBroker } from '@tidemark/broker'
import { createAdmin, createKafka, createProducer, type Kafka } from '@tidemark/client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startRegistry, type TestRegistry, withId } from '../../offsets/src/testing/registry.ts'
import { finished, type Outcome, startWith } from './testing/command.ts'

let broker: Broker
let kafka: Kafka
let registry: TestRegistry
const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-registry-'))
const AVRO = { type: 'record', name: 'Order', namespace: 'shop', fields: [{ name: 'id', type: 'long' }] }
const PROTO = 'syntax = "proto3"; package shop; message Paid { string by = 1; }'
const ORDER = Buffer.from([0x0e])
let ids: { avro: number; proto: number; json: number }

beforeAll(async () => {
  broker = await startBroker({ data: ':memory:' })
  kafka = createKafka({ brokers: broker.brokers })
  registry = await startRegistry()
  ids = {
    avro: registry.add({ schema: JSON.stringify(AVRO) }),
    proto: registry.add({ schemaType: 'PROTOBUF', schema: PROTO }),
    json: registry.add({ schemaType: 'JSON', schema: '{}' }),
  }
  await createAdmin(kafka).topics.create('orders', { partitions: 1 })
  await using producer = createProducer(kafka)
  const values = [
    withId(ids.avro, ORDER),
    withId(ids.proto, [0, 0x0a, 1, 0x61]),
    withId(ids.json, Buffer.from('{"a":1}')),
    'text',
    withId(99, ORDER),
  ]
  await producer.send(
    'orders',
    values.map((value) => ({ key: 'k', value })),
  )
  await createAdmin(kafka).groups.setOffsets('billing', [{ topic: 'orders', partition: 0, offset: 1 }])
})

afterAll(async () => {
  await kafka.close()
  await broker.close()
  await registry.close()
  rmSync(folder, { recursive: true })
})

function run(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  const own = { ...process.env, XDG_CONFIG_HOME: folder, XDG_STATE_HOME: folder, ...env }
  return finished(startWith({ env: own }, ...args))
}
const onBroker = (...args: string[]) => [...args, '-b', broker.brokers[0]!]
const lines = ({ stdout }: Outcome) => stdout.trimEnd().split('\n')

describe('consume', () => {
  test('prints what is decoded, and the bytes of all else; each problem is told', async () => {
    const outcome = await run(onBroker('consume', 'orders', '--registry', registry.url))
    expect(lines(outcome)).toEqual(['{"id":7}', '{"by":"a"}', '{"a":1}', 'text', '\0\0\0\0c\x0e'])
    expect(outcome.stderr).toMatch(/warning: schema 99 cannot be read: .* answers 404: Schema 99 not found; its bytes are shown/)
    expect(outcome.code).toBe(0)
  })

  test('-o json has both, and what it prints can be produced again to the byte', async () => {
    const { stdout } = await run(onBroker('consume', 'orders', '--registry', registry.url, '-o', 'json'))
    const records = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(records.map(({ decoded }) => decoded)).toEqual([
      { value: { kind: 'decoded', schemaId: ids.avro, schemaType: 'AVRO', name: 'shop.Order', data: { id: 7 } } },
      { value: { kind: 'decoded', schemaId: ids.proto, schemaType: 'PROTOBUF', name: 'shop.Paid', data: { by: 'a' } } },
      { value: { kind: 'decoded', schemaId: ids.json, schemaType: 'JSON', name: null, data: { a: 1 } } },
      {},
      { value: { kind: 'undecoded', schemaId: 99, problem: expect.stringMatching(/^schema 99 cannot be read/) } },
    ])
    const child = startWith({}, ...onBroker('produce', 'copy', '--json'))
    child.stdin!.end(stdout)
    expect((await finished(child)).code).toBe(0)
    const plain = await Promise.all(['orders', 'copy'].map((topic) => run(onBroker('consume', topic, '--no-registry'))))
    expect(plain[1]!.stdout).toBe(plain[0]!.stdout)
    expect(plain[0]!.stdout).toContain('\0')
  })

  test('in a group', async () => {
    const outcome = await run(onBroker('consume', 'orders', '--group', 'readers', '--max', '2', '--registry', registry.url))
    expect(lines(outcome)).toEqual(['{"id":7}', '{"by":"a"}'])
  })
})

describe('peek', () => {
  test('shows a table with the schema', async () => {
    const outcome = await run(onBroker('peek', 'billing', '--registry', registry.url, '--after', '3'))
    expect(outcome.stdout).toMatch(/VALUE +SCHEMA/)
    expect(outcome.stdout).toMatch(/at +orders +0 +1 .* k +\{"by":"a"\} +2 PROTOBUF shop.Paid/)
    expect(outcome.stdout).toMatch(/99 \?/)
    expect(outcome.stderr).toContain('schema 99 cannot be read')
  })

  test('without a registry, and with one that is not there, the record is shown as it is', async () => {
    const plain = await run(onBroker('peek', 'billing', '-o', 'json'))
    expect(JSON.parse(plain.stdout)[0]).not.toHaveProperty('decoded')
    const gone = await run(onBroker('peek', 'billing', '--registry', 'http://127.0.0.1:1', '-o', 'json'))
    expect(gone.code).toBe(0)
    expect(JSON.parse(gone.stdout)[1]).toMatchObject({
      value: '\0\0\0\0\x02\0\n\x01a',
      decoded: { value: { kind: 'undecoded', problem: expect.stringContaining('http://127.0.0.1:1 cannot be reached') } },
    })
  })

  test.each([['ftp://x'], ['x']])('--registry %s is refused', async (url) => {
    const { code, stderr } = await run(onBroker('peek', 'billing', '--registry', url))
    expect([code, stderr]).toEqual([2, expect.stringContaining('tidemark: --registry is')])
  })
})

describe('which registry', () => {
  const first = async (args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> => lines(await run(args, env))[0]!
  const authorization = (): string | undefined => registry.requests.at(-1)!.authorization
  const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`

  test('of the environment', async () => {
    const env = { SCHEMA_REGISTRY_URL: registry.url, SCHEMA_REGISTRY_BASIC_AUTH_USER_INFO: 'me:pass:word' }
    expect(await first(onBroker('consume', 'orders'), env)).toBe('{"id":7}')
    expect(authorization()).toBe(basic('me:pass:word'))
    expect(await first(onBroker('consume', 'orders', '--no-registry'), env)).toContain('\0')
    const named = registry.url.replace('//', '//a:b@')
    expect(await first(onBroker('consume', 'orders', '--registry', named), env)).toBe('{"id":7}')
    expect(authorization()).toBe(basic('a:b'))
  })

  test("of Java's client.properties", async () => {
    const file = path.join(folder, 'client.properties')
    const text = ['basic.auth.credentials.source=USER_INFO', 'basic.auth.user.info=you:secret', `schema.registry.url=${registry.url}`]
    writeFileSync(file, [`bootstrap.servers=${broker.brokers[0]}`, ...text].join('\n'))
    expect(await first(['consume', 'orders', '--command-config', file])).toBe('{"id":7}')
    expect(authorization()).toBe(basic('you:secret'))
  })

  test('of a profile, which no other cluster gets', async () => {
    expect((await run(['profile', 'add', 'here', '-b', broker.brokers[0]!, '--registry', 'nonsense'])).code).toBe(2)
    expect((await run(['profile', 'add', 'here', '-b', broker.brokers[0]!, '--registry', registry.url])).code).toBe(0)
    expect(await first(['consume', 'orders'])).toBe('{"id":7}')
    expect(await first(['consume', 'orders', '--profile', 'here'], { SCHEMA_REGISTRY_URL: 'http://127.0.0.1:1' })).toBe('{"id":7}')
    expect(await first(onBroker('consume', 'orders'))).toContain('\0')
  })
})
