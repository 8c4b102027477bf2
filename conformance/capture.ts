/**
 * Records what kcat and kafkajs say to our broker, and what it answers: the golden bytes of packages/protocol.
 *
 *   node --conditions=@tidemark/source conformance/capture.ts
 *
 * One frame of each API, version and direction is kept, the first that was seen.
 */
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import net from 'node:net'
import { startBroker } from '@tidemark/broker'
import { apiByKey, FrameSplitter, peekRequest, peekResponse } from '@tidemark/protocol'
import { judge as kafkajs } from './clients/kafkajs.ts'
import { judge as kcat } from './clients/kcat.ts'
import { Report } from './report.ts'

interface Golden {
  readonly client: string
  readonly api: string
  readonly version: number
  readonly kind: 'request' | 'response'
  readonly hex: string
}

/** Frames with many records say nothing more than small ones. */
const FRAME_BYTES_MAX = 1200

const golden = new Map<string, Golden>()
for (const [client, judge] of Object.entries({ kcat, kafkajs })) {
  const proxy = net.createServer().listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  const { port } = proxy.address() as net.AddressInfo
  // Clients are told the proxy's address, so that everything they say passes here.
  const broker = await startBroker({ data: ':memory:', advertise: { host: '127.0.0.1', port } })
  proxy.on('connection', (socket) => record(client, socket, net.connect(broker.port, '127.0.0.1')))
  await judge(new Report(client), [`127.0.0.1:${port}`], false)
  proxy.close()
  await broker.close()
}
const frames = [...golden.values()].sort((a, b) => (a.api + a.kind < b.api + b.kind ? -1 : 1))
const target = new URL('../packages/protocol/src/messages/fixtures/golden.json', import.meta.url)
writeFileSync(target, `[\n${frames.map((f) => `  ${JSON.stringify(f)}`).join(',\n')}\n]\n`)
console.log(`${frames.length} frames`)
process.exit(0)

function record(client: string, socket: net.Socket, upstream: net.Socket): void {
  const asked = new Map<number, { api: string; version: number }>()
  const keep = (kind: Golden['kind'], api: string, version: number, frame: Buffer): void => {
    const name = `${api} ${version} ${kind}`
    if (golden.has(name) || frame.length > FRAME_BYTES_MAX) return
    golden.set(name, { client, api, version, kind, hex: frame.toString('hex') })
  }
  passOn(socket, upstream, (frame) => {
    const { apiKey, apiVersion, correlationId } = peekRequest(frame)
    const api = apiByKey.get(apiKey)!.name
    asked.set(correlationId, { api, version: apiVersion })
    keep('request', api, apiVersion, frame)
  })
  passOn(upstream, socket, (frame) => {
    const question = asked.get(peekResponse(frame))
    if (question !== undefined) keep('response', question.api, question.version, frame)
  })
}

/** Passes bytes on, and hands out the whole frames among them. */
function passOn(from: net.Socket, to: net.Socket, each: (frame: Buffer) => void): void {
  const splitter = new FrameSplitter()
  from.on('data', (chunk) => {
    to.write(chunk)
    for (const frame of splitter.push(chunk)) each(frame)
  })
  from.on('close', () => to.destroy())
  from.on('error', () => {})
}
