/**
 * What is not a handshake: damaged, early, cut and strange bytes at each listener of our broker. Each ends its own
 * connection and nothing else: no memory, no connection and no secret stays behind, and who knows the password is let
 * in all the while.
 */
import net from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createAdmin, createKafka } from '@tidemark/client'
import { equal, type Report } from '../report.ts'
import { type Certificates, USER } from './parties.ts'
import { type SecuredBroker, startSecured } from './secured-broker.ts'

const AT_ONCE = 50
const MEMORY_MAX_BYTES = 32 * 1024 * 1024
const MECHANISMS = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER', 'GSSAPI', '']
/** The parts of handshakes that are damaged: right for a step, and for no client. */
const MESSAGES = [
  `\0${USER.username}\0${USER.password}`,
  `n,,n=${USER.username},r=fyko+d2lbbFgONRv9qkxdawL`,
  'c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=',
  'n,,\u0001auth=Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSJ9.\u0001\u0001',
  '',
]

export async function damagedHandshakes(report: Report, certificates: Certificates, count: number): Promise<void> {
  await using secured = await startSecured(certificates)
  await knocked(secured, 0, 200) // what is loaded and compiled once
  const before = settledMemory()
  await report.check(`${count} damaged handshakes end their connections, and nothing else`, async () => {
    const open = await knocked(secured, 200, count)
    equal(open, 0)
    await using kafka = createKafka({ brokers: [secured.addresses.saslPlain], sasl: { mechanism: 'scram-sha-256', ...USER } })
    await createAdmin(kafka).topics.list({ timeoutMs: 5_000 })
  })
  await report.check(`${count} damaged handshakes leave no memory behind`, () => {
    secured.told.length = 0
    const grown = settledMemory() - before
    if (grown > MEMORY_MAX_BYTES) throw new Error(`${grown} bytes more than before`)
  })
}

/** How many connections the broker left open; what it tells is looked through for secrets. */
async function knocked(secured: SecuredBroker, from: number, count: number): Promise<number> {
  const ports = Object.values(secured.addresses).map((address) => Number(address.split(':')[1]))
  let open = 0
  for (let first = from; first < from + count; first += AT_ONCE) {
    const numbers = Array.from({ length: Math.min(AT_ONCE, from + count - first) }, (_, i) => first + i)
    await Promise.all(
      numbers.map(async (n) => {
        if (!(await sent(ports[n % ports.length]!, handshake(randomOf(n))))) open++
      }),
    )
    const told = secured.told.splice(0).join('\n')
    if (told.includes('"kind":"bug"')) throw new Error(told)
    for (const secret of [USER.password, JSON.stringify(USER.password).slice(1, -1), 'eyJ'])
      if (told.includes(secret)) throw new Error(`'${secret}' is told: ${told}`)
  }
  return open
}

type Random = (below: number) => number

function randomOf(seed: number): Random {
  let state = (seed + 1) * 2_654_435_761
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return (state >>> 8) % below
  }
}

/** Some of the requests of a handshake, in order or not, whole or with a part that is damaged, cut or repeated. */
function handshake(random: Random): Buffer {
  const token = Buffer.from(MESSAGES[random(MESSAGES.length)]!)
  const parts = [
    frame(18, random(5), Buffer.alloc(random(4))),
    frame(17, random(3), text(MECHANISMS[random(MECHANISMS.length)]!)),
    frame(36, random(3), sized(token)),
    sized(token), // as before handshakes had versions
    frame(3, random(13), Buffer.from([255, 255, 255, 255])),
    Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]), // the beginning of TLS
    Buffer.from('GET / HTTP/1.1\r\n\r\n'),
    Buffer.from(Array.from({ length: random(64) }, () => random(256))),
  ].filter(() => random(2) > 0)
  if (random(4) === 0) parts.reverse()
  const bytes = Buffer.concat(parts)
  for (let damages = random(4); damages > 0 && bytes.length > 0; damages--) bytes[random(bytes.length)] = random(256)
  return random(3) === 0 ? bytes.subarray(0, random(bytes.length + 1)) : bytes
}

function frame(key: number, version: number, body: Buffer): Buffer {
  const head = Buffer.alloc(10)
  head.writeInt16BE(key, 0)
  head.writeInt16BE(version, 2)
  head.writeInt32BE(1, 4)
  head.writeInt16BE(-1, 8)
  return sized(Buffer.concat([head, body]))
}

const text = (value: string): Buffer => Buffer.concat([Buffer.from([0, value.length]), Buffer.from(value)])

function sized(bytes: Buffer): Buffer {
  const size = Buffer.alloc(4)
  size.writeInt32BE(bytes.length)
  return Buffer.concat([size, bytes])
}

/** Whether the broker ended the connection after this side had said everything. */
function sent(port: number, bytes: Buffer): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1', () => socket.end(bytes))
    socket.resume()
    socket.on('error', () => {})
    socket.on('close', () => resolve(true))
    socket.setTimeout(10_000, () => {
      resolve(false)
      socket.destroy()
    })
  })
}

function settledMemory(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  for (let i = 0; i < 3; i++) collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
