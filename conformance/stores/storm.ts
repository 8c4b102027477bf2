/**
 * Three members of a group, 64 handlers each, while they and the database are killed, members are stopped for longer
 * than their session and go on, and the network between two of them and the database stands still for longer than their
 * patience: every record's effect is there once, as the database's own client counts it.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { startBroker } from '@tidemark/broker'
import { createAdmin, createKafka, createProducer } from '@tidemark/client'
import type { Report } from '../report.ts'
import { sleep, until } from '../waiting.ts'
import { type DriverName, drivers } from './drivers.ts'
import type { StormMember } from './member.ts'
import { StallingProxy } from './proxy.ts'
import type { MariaDB, MySQL, PostgreSQL } from './servers.ts'

type StormServer = PostgreSQL | MariaDB | MySQL

const TOPIC = 'orders'
const MEMBERS = 3
const PARTITIONS = 6
const SESSION_MS = 1_500
/** Of a statement of the store's, in a member. */
const PATIENCE_MS = 3_000
const RECORDS_A_STEP = 300

class Slot {
  readonly #task: StormMember
  #child: ChildProcess | undefined
  /** How processes ended that nobody had killed. */
  readonly deaths: string[] = []
  said = ''

  constructor(task: StormMember) {
    this.#task = task
  }

  start(): void {
    const main = new URL('./member.ts', import.meta.url).pathname
    const child = spawn(process.execPath, ['--conditions=@tidemark/source', main], {
      env: { ...process.env, STORM_MEMBER: JSON.stringify(this.#task) },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    this.said = ''
    child.stderr!.on('data', (chunk) => {
      this.said += chunk
    })
    child.once('exit', (code, signal) => {
      if (this.#child !== child) return
      this.deaths.push(`${signal ?? code}: ${this.said.slice(-600)}`)
      this.start() // as whatever runs it would
    })
    this.#child = child
  }

  /** Writes what holds it up to stderr. */
  ask(): void {
    this.#child?.kill('SIGUSR2')
  }

  /** SIGSTOP for longer than its session, then it goes on. */
  async stopFor(ms: number): Promise<void> {
    const child = this.#child!
    child.kill('SIGSTOP')
    await sleep(ms)
    child.kill('SIGCONT')
  }

  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill(signal)
    child.kill('SIGCONT')
    const limit = setTimeout(() => child.kill('SIGKILL'), 15_000)
    await exited
    clearTimeout(limit)
  }
}

export async function storm(
  report: Report,
  driver: DriverName,
  server: StormServer,
  steps: number,
  { batches = false, title = driver }: { readonly batches?: boolean; readonly title?: string } = {},
): Promise<void> {
  const how = batches ? 'in batches' : '64 handlers at once'
  await report.check(`${title}: ${steps} kills, stops and stalls, ${how}: every effect once`, async () => {
    await server.start()
    await using broker = await startBroker({ data: ':memory:' })
    await using kafka = createKafka({ brokers: broker.brokers })
    await createAdmin(kafka).topics.create(TOPIC, { partitions: PARTITIONS })
    await using producer = createProducer(kafka)
    const database = await drivers[driver]({ host: '127.0.0.1', port: server.port })
    const task: StormMember = {
      broker: broker.brokers[0]!,
      group: `storm-${driver}-${batches}`,
      topic: TOPIC,
      driver,
      port: server.port,
      statementTimeoutMs: PATIENCE_MS,
      sessionTimeoutMs: SESSION_MS,
      concurrency: 64,
      workMsMax: 10,
      batches,
    }
    await using network = await StallingProxy.start(server.port)
    const slots = Array.from({ length: MEMBERS }, (_, i) => new Slot(i === 0 ? task : { ...task, port: network.port }))
    let produced = 0
    const produce = async (): Promise<void> => {
      const messages = Array.from({ length: RECORDS_A_STEP }, () => ({ key: `k${produced % 97}`, value: `${produced++}` }))
      await producer.send(TOPIC, messages)
    }
    try {
      for (const slot of slots) slot.start()
      for (let step = 0; step < steps; step++) {
        await produce()
        await sleep(200 + Math.random() * 600)
        const slot = slots[step % MEMBERS]!
        if (step % 5 === 4) {
          await network.standStill(PATIENCE_MS + 1_500)
        } else if (step % 5 === 3) {
          await server.kill()
          await sleep(Math.random() * 300)
          await server.start()
        } else if (step % 5 === 1) {
          await slot.stopFor(SESSION_MS + 1_500)
        } else {
          await slot.end('SIGKILL')
          slot.start()
        }
      }
      await produce()
      await until(`${produced} effects`, () => count(server).total >= produced, 60_000).catch(async (error) => {
        for (const slot of slots) slot.ask()
        await sleep(500)
        const known = new Set(await database.effects())
        const missing = Array.from({ length: produced }, (_, i) => i).filter((i) => !known.has(`${i}`))
        throw new Error(
          `${error.message}; missing are ${missing.length}: ${missing.slice(0, 20).join(' ')} … ${missing.slice(-5).join(' ')}; there are ${JSON.stringify(count(server))}; ${slots.map((slot) => slot.said).join('; ')}`,
        )
      })
      await Promise.all(slots.map((slot) => slot.end('SIGTERM')))
      const { total, distinct } = count(server)
      const deaths = slots.flatMap((slot) => slot.deaths)
      const rows = await database.inbox()
      console.log(`         ${title}: ${produced} records, ${total} effects, ${distinct} different ones, ${rows} rows left in the inbox`)
      if (total !== produced || distinct !== produced)
        throw new Error(`${total} effects, ${distinct} different ones, of ${produced} records`)
      if (deaths.length > 0) throw new Error(`members ended by themselves: ${deaths.join('; ')}`)
    } finally {
      await Promise.all(slots.map((slot) => slot.end('SIGKILL')))
      await database.clear()
      await database.close()
    }
  })
}

/** By the client that comes with the database. */
function count(server: StormServer): { readonly total: number; readonly distinct: number } {
  const [total, distinct] = server.ask('SELECT count(*), count(DISTINCT value) FROM effects').trim().split('\t').map(Number)
  return { total: total!, distinct: distinct! }
}
