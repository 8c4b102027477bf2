/** The table "Client": ours beside other people's, each in a fresh process, against one Kafka broker. */
import path from 'node:path'
import { RunningBroker } from '../rivals/brokers.ts'
import { clientFolder, drive, runForJson } from '../tools.ts'
import { type Benchmark, counted, type Round, rivalsOf, rootOf, rotated, settle } from './load.ts'

interface ClientLoad {
  readonly verb: 'consume' | 'produce'
  readonly kind: 'each' | 'batch'
  readonly bytes: number
  readonly records: number
}

const LOADS: Readonly<Record<string, ClientLoad>> = {
  'client: consume 1 KiB, a handler call a record': { verb: 'consume', kind: 'each', bytes: 1024, records: 500_000 },
  'client: consume 1 KiB, a batch a call': { verb: 'consume', kind: 'batch', bytes: 1024, records: 500_000 },
  'client: consume 100 B, a handler call a record': { verb: 'consume', kind: 'each', bytes: 100, records: 1_000_000 },
  'client: consume 100 B, a batch a call': { verb: 'consume', kind: 'batch', bytes: 100, records: 1_000_000 },
  'client: produce 1 KiB': { verb: 'produce', kind: 'batch', bytes: 1024, records: 200_000 },
  'client: produce 100 B': { verb: 'produce', kind: 'batch', bytes: 100, records: 500_000 },
}

const CLIENTS: readonly { readonly name: string; folder(): string | undefined }[] = [
  { name: 'tidemark', folder: () => '-' },
  { name: 'kafkajs', folder: () => clientFolder('kafkajs', '2.2.4', false) },
  { name: 'platformatic', folder: () => clientFolder('@platformatic/kafka', '2.12.1', false) },
  { name: 'rdkafka', folder: () => clientFolder('node-rdkafka', '3.6.1', true) },
]
/** The client of an earlier version runs in its own checkout. */
const OURS: typeof CLIENTS = ['tidemark', 'before'].map((name) => ({ name, folder: () => '-' }))

export const clientLoads: Benchmark = {
  rows: Object.keys(LOADS),

  async round(round) {
    settle()
    const installed = rivalsOf(CLIENTS, OURS, round.scale).flatMap(({ name, folder }) => {
      const where = folder()
      return where === undefined ? [] : [{ name, folder: where }]
    })
    await using broker = await RunningBroker.start('kafka')
    const { address } = broker
    for (const [topic, size, records] of [
      ['in-1024', 1024, 500_000],
      ['in-100', 100, 1_000_000],
    ] as const) {
      await drive('create', address, { topic, count: 6 })
      await drive('produce', address, { topic, size, count: counted(records, round.scale) })
      await drive('consume', address, { topic, size, count: counted(records, round.scale) })
    }
    for (const topic of ['out-1024', 'out-100']) await drive('create', address, { topic, count: 6 })
    for (const [row, load] of Object.entries(LOADS)) {
      if (!round.wants(row)) continue
      for (const client of rotated(installed, round.turn)) {
        if (load.kind === 'batch' && load.verb === 'consume' && client.name === 'platformatic') continue
        await one(row, load, client, address, round)
      }
    }
  },
}

async function one(row: string, load: ClientLoad, client: { name: string; folder: string }, address: string, round: Round): Promise<void> {
  settle()
  const conditions = round.scale.sources && ['tidemark', 'before'].includes(client.name) ? ['--conditions=@tidemark/source'] : []
  const { verb, kind, bytes } = load
  const count = counted(load.records, round.scale)
  const topic = `${verb === 'consume' ? 'in' : 'out'}-${bytes}`
  const program = path.join(rootOf(client.name, round.scale), 'benchmarks', 'clients', 'main.ts')
  const args = [
    ...conditions,
    program,
    client.name === 'before' ? 'tidemark' : client.name,
    client.folder,
    verb,
    kind,
    address,
    topic,
    String(count),
    String(bytes),
  ]
  const { perSecond, cpu } = await runForJson(process.execPath, args)
  round.samples.add(row, client.name, perSecond! / 1e3, cpu! / (count / 1e6))
}
