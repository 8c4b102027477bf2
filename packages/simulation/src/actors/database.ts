/**
 * A database beside the world, in which handlers write and the store keeps its place: in memory, with locks, time on
 * the way to it, connections that are lost, and transactions that end with their process.
 *
 * A process that is stopped keeps its transaction open, and with it the lock, until somebody who takes the partition
 * over has waited long enough: then the database ends it.
 */
import type { Holding, StoredPartition, StoredPosition, TakenOver, TransactionalStore } from '@tidemark/consumer'
import { TidemarkError } from '@tidemark/platform'
import type { Process, SeededRandom } from '@tidemark/testing/internal'
import type { Place } from '../facts.ts'
import type { World } from '../world.ts'

/** A takeover waits for so long. */
const TAKE_OVER_MS = 150

interface Fence {
  readonly id: number
  epoch: number
  position: StoredPosition | undefined
  /** Offsets that are done, with their leader epoch. */
  readonly done: Map<number, number>
  readonly open: Set<Transaction>
  /** Takeovers that wait for the exclusive lock; who comes after them waits too. */
  readonly waiting: (() => void)[]
}

export interface Transaction {
  readonly process: Process
  readonly fence: Fence
  readonly epoch: number
  readonly fresh: readonly StoredPosition[]
  /** The effects that it holds. */
  readonly writes: string[]
  write(effect: string): void
}

/** Names what a handler does for a record: a value may stand twice in a log, and after a truncation an offset too. */
export const effectOf = ({ value, place, offset }: { value: string; place: Place; offset: number }): string =>
  `${value} at ${place}/${offset}`

const unavailable = (): TidemarkError => new TidemarkError('STORE_UNAVAILABLE', 'the connection to the database was lost')
const fenced = (): TidemarkError => new TidemarkError('FENCED', 'the partition was taken over')

export class SimulatedDatabase {
  readonly #world: World
  readonly #random: SeededRandom
  readonly #fences = new Map<string, Fence>()
  /** By group and effect: how often it is there. */
  readonly #effects = new Map<string, number>()

  constructor(world: World, random: SeededRandom) {
    this.#world = world
    this.#random = random
  }

  effectsOf(group: string, value: string): number {
    return this.#effects.get(`${group}/${value}`) ?? 0
  }

  storeOf(process: Process): TransactionalStore<Transaction> {
    process.onCrash(() => {
      for (const fence of this.#fences.values()) for (const tx of fence.open) if (tx.process === process) this.#end(tx)
    })
    return {
      name: 'the simulated database',
      takeOver: (partition) => this.#takeOver(process, partition),
      begin: (holding, position, doneBelow) =>
        this.#ask(process, (answer) =>
          answer(this.#checked(holding, (fence) => move(fence, position, Math.max(position.offset, doneBelow)))),
        ),
      advance: (holding, position) =>
        this.#ask(process, (answer) => answer(this.#checked(holding, (fence) => move(fence, position, Infinity)))),
      run: (holding, records, work) => this.#run(process, holding, records, work),
    }
  }

  /** A request and its answer. A value that is an error is a refusal. */
  #ask<T>(process: Process, serve: (answer: (value: T | TidemarkError) => void) => void): Promise<T> {
    const { weather } = this.#world.plan
    const pause = (): number => this.#random.between(...weather.latencyMs)
    const isLost = (): boolean => !this.#world.calm && this.#random.chance(weather.breakChance * 2)
    return new Promise((resolve, reject) => {
      const settle = (value: T | TidemarkError): void =>
        void process.later(pause(), () => (value instanceof TidemarkError ? reject(value) : resolve(value)))
      if (isLost()) return settle(unavailable())
      this.#world.scheduler.later(pause(), () => {
        if (!process.alive) return
        serve((value) => settle(isLost() ? unavailable() : value))
      })
    })
  }

  #fenceOf({ group, topicId, partition }: StoredPartition): Fence {
    const key = `${group}/${topicId}-${partition}`
    const known = this.#fences.get(key)
    if (known !== undefined) return known
    const fence: Fence = { id: this.#fences.size, epoch: 0, position: undefined, done: new Map(), open: new Set(), waiting: [] }
    this.#fences.set(key, fence)
    return fence
  }

  #checked(holding: Holding, act: (fence: Fence) => void): undefined | TidemarkError {
    const fence = this.#fenceOf(holding.partition)
    if (fence.epoch !== holding.epoch) return fenced()
    act(fence)
    return undefined
  }

  #takeOver(process: Process, partition: StoredPartition): Promise<TakenOver> {
    return this.#ask(process, (answer) => {
      const fence = this.#fenceOf(partition)
      const take = (): void => {
        const done = [...fence.done].map(([offset, leaderEpoch]) => ({ offset, leaderEpoch })).sort((a, b) => a.offset - b.offset)
        answer({ holding: { partition, fence: fence.id, epoch: ++fence.epoch }, position: fence.position, done })
      }
      if (fence.open.size === 0) return take()
      fence.waiting.push(take)
      this.#world.scheduler.later(TAKE_OVER_MS, () => {
        if (fence.waiting.includes(take)) for (const tx of fence.open) this.#end(tx)
      })
    })
  }

  /** Committed or not, its lock is free. */
  #end(tx: Transaction): void {
    const { fence } = tx
    if (!fence.open.delete(tx) || fence.open.size > 0) return
    for (const go of fence.waiting.splice(0)) go()
  }

  async #run(
    process: Process,
    holding: Holding,
    records: readonly StoredPosition[],
    work: (tx: Transaction, fresh: readonly StoredPosition[]) => unknown,
  ): Promise<void> {
    let begun: Transaction | undefined
    const give = (answer: (value: Transaction | TidemarkError) => void): void => {
      const fence = this.#fenceOf(holding.partition)
      const enter = (): void => {
        if (!process.alive) return
        if (fence.waiting.length > 0) return void fence.waiting.push(enter)
        if (fence.epoch !== holding.epoch) return answer(fenced())
        begun = this.#begin(process, fence, holding.epoch, records)
        answer(begun)
      }
      enter()
    }
    let tx: Transaction
    try {
      tx = await this.#ask(process, give)
    } catch (error) {
      if (begun !== undefined) this.#end(begun) // the answer was lost with the connection
      throw error
    }
    try {
      if (tx.fresh.length > 0) await work(tx, tx.fresh)
    } catch (error) {
      await this.#ask(process, (answer) => answer(this.#end(tx))).catch(() => this.#end(tx))
      throw error
    }
    await this.#ask(process, (answer) => answer(this.#commit(tx, holding))).catch((error) => {
      this.#end(tx)
      throw error
    })
  }

  #begin(process: Process, fence: Fence, epoch: number, records: readonly StoredPosition[]): Transaction {
    const writes: string[] = []
    const fresh = records.filter((r) => (fence.done.get(r.offset) ?? -2) < r.leaderEpoch)
    const tx: Transaction = { process, fence, epoch, fresh, writes, write: (value) => void writes.push(value) }
    fence.open.add(tx)
    return tx
  }

  #commit(tx: Transaction, { partition: { group } }: Holding): undefined | TidemarkError {
    const { fence, fresh, writes } = tx
    if (!fence.open.has(tx)) return unavailable()
    if (tx.epoch !== fence.epoch) {
      this.#world.fail('a zombie writes nothing', `a transaction of epoch ${tx.epoch} commits in epoch ${fence.epoch}`)
    }
    for (const { offset, leaderEpoch } of fresh) fence.done.set(offset, leaderEpoch)
    for (const value of writes) this.#add(group, value)
    this.#end(tx)
    return undefined
  }

  #add(group: string, value: string): void {
    const key = `${group}/${value}`
    const times = (this.#effects.get(key) ?? 0) + 1
    this.#effects.set(key, times)
    if (times === 1 || this.#world.plan.everything!.jumps) return
    this.#world.fail("each record's effect is there once", `the effect of ${value} is there ${times} times for ${group}`)
  }
}

function move(fence: Fence, position: StoredPosition, doneBelow: number): void {
  fence.position = position
  for (const offset of [...fence.done.keys()]) if (offset < position.offset || offset >= doneBelow) fence.done.delete(offset)
}
