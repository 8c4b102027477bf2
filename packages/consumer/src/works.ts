import {
  type Clock,
  checkFunction,
  checkOptions,
  countOption,
  describe,
  durationOption,
  TidemarkError,
  wordOption,
} from '@tidemark/platform'
import type { CommitOptions } from './options.ts'
import { selectionOf, selectionText, type TopicSelection } from './selection.ts'
import { isSequence, type SequenceHandler } from './sequence/sequence.ts'
import {
  BATCH_OPTIONS,
  type BatchSettings,
  EACH_OPTIONS,
  type EachSettings,
  exhaustedOption,
  MESSAGES_OPTIONS,
  type MessagesSettings,
  poisonOption,
  resolveRetry,
  type WorkerSettings,
  type WorkSettings,
} from './settings.ts'
import type { TransactionalStore } from './stores/store.ts'
import { decodingBatches, decodingEach } from './work/decoded.ts'
import { Pull } from './work/pull.ts'
import type { BatchHandler, BatchWork, EachHandler, EachWork, Order, WorkOptions } from './work/work.ts'
import { resolveWorkers } from './work/workers/options.ts'
import { WorkerPool } from './work/workers/pool.ts'

/**
 * Where handlers of one partition run one after the other: more than one member has partitions, so that each can run
 * one.
 */
const CONCURRENCY_SERIAL = 10_000
const CONCURRENCY_SIDE_BY_SIDE = 100
const TIMEOUT_GRACE_MS = 30_000
/** The next record is in the thread when it has finished with one. */
const CALLS_A_THREAD = 2
const ORDERS: readonly Order[] = ['partition', 'key', 'none']

/** Of `each()`; `rest`: settings, if any, and the handler, unless `workers` has it. Throws `TidemarkError`. */
export function eachWork(topics: TopicSelection, rest: readonly unknown[], clock: Clock): EachWork {
  if (hasWorkers(rest[0])) return workInThreads(topics, rest[0], rest.length > 1, clock)
  const [settings, handler] = settingsAndHandler<EachSettings, EachHandler>('each', rest)
  checkOptions<EachSettings>('each()', settings, EACH_OPTIONS)
  const order = wordOption('order', settings.order ?? (isSequence(handler) ? 'none' : 'partition'), ORDERS)
  const work = resolveWork(topics, settings, order === 'partition' ? CONCURRENCY_SERIAL : CONCURRENCY_SIDE_BY_SIDE)
  if (isSequence(handler)) prepareSequence(handler, order, work)
  return { kind: 'each', order, handler: decodingEach(work.topics.readable, handler), ...work }
}

function workInThreads(topics: TopicSelection, settings: WorkerSettings, hasHandler: boolean, clock: Clock): EachWork {
  checkOptions<WorkerSettings>('each()', settings, { ...EACH_OPTIONS, workers: true })
  if (hasHandler) {
    const text = "each() has a handler and the option 'workers', whose file has the handler; give one of them"
    throw new TidemarkError('INVALID_ARGUMENT', text)
  }
  const workers = resolveWorkers(settings.workers)
  const order = wordOption('order', settings.order ?? 'partition', ORDERS)
  const work = resolveWork(topics, settings, CALLS_A_THREAD * workers.threads)
  if (work.store !== undefined) {
    const text = "options 'workers' and 'store' exclude each other: a transaction cannot go to another thread"
    throw new TidemarkError('INVALID_OPTION', text)
  }
  if (work.topics.readable.size > 0) {
    throw new TidemarkError('INVALID_OPTION', "option 'workers' takes topics by name: a thread gets bytes, and decodes them itself")
  }
  const pool = new WorkerPool(workers, clock)
  return { kind: 'each', order, handler: pool.call, pool, ...work }
}

/** Of `batches()`. Throws `TidemarkError`. */
export function batchWork(topics: TopicSelection, rest: readonly unknown[]): BatchWork {
  const [settings, handler] = settingsAndHandler<BatchSettings, BatchHandler>('batches', rest)
  checkOptions<BatchSettings>('batches()', settings, BATCH_OPTIONS)
  const recordsMax = countOption('recordsMax', settings.recordsMax ?? 500)
  const waitMaxMs = durationOption('waitMaxMs', settings.waitMaxMs ?? 0, { zero: true })
  const work = resolveWork(topics, settings, CONCURRENCY_SERIAL)
  const decoding = decodingBatches(work.topics.readable, handler, work.store !== undefined)
  return { kind: 'batches', recordsMax, waitMaxMs, handler: decoding, ...work }
}

/** Of `messages()`. Throws `TidemarkError`. */
export function pullWork(topics: TopicSelection, settings: MessagesSettings): EachWork & { readonly pull: Pull } {
  checkOptions<MessagesSettings>('messages()', settings, MESSAGES_OPTIONS)
  const { signal: _, ...others } = settings
  const pull = new Pull()
  const work = resolveWork(topics, others, CONCURRENCY_SERIAL)
  const handler = decodingEach(work.topics.readable, (message) => pull.handle(message))
  return { kind: 'each', order: 'partition', handler, pull, ...work }
}

/** What some settings need of the way in which the consumer commits. Throws `TidemarkError` INVALID_OPTION. */
export function checkCommits({ topics, store, poison }: WorkOptions, { mode, completionMap }: Required<CommitOptions>): void {
  if (store !== undefined && mode !== 'processed') {
    const text = `${selectionText(topics)} has a store, whose transactions are its commits; option 'commit' must be 'processed', not '${mode}'`
    throw new TidemarkError('INVALID_OPTION', text)
  }
  if (poison !== undefined && (mode !== 'processed' || !completionMap)) {
    const text = `option 'poison' needs commits of the mode 'processed' with a completion map: they say which calls had begun`
    throw new TidemarkError('INVALID_OPTION', text)
  }
}

const hasWorkers = (settings: unknown): settings is WorkerSettings =>
  typeof settings === 'object' && settings !== null && (settings as Partial<WorkerSettings>).workers !== undefined

function settingsAndHandler<S, H>(call: string, rest: readonly unknown[]): [S, H] {
  const [settings, handler] = rest.length === 1 ? [{}, rest[0]] : rest
  checkFunction(`the handler of ${call}()`, handler)
  return [(settings ?? {}) as S, handler as H]
}

function prepareSequence(handler: SequenceHandler, order: Order, work: WorkOptions): void {
  if (order !== 'none') {
    const text = `option 'order' is '${order}'; a handler of sequence() brings its own order, and needs 'none'`
    throw new TidemarkError('INVALID_OPTION', text)
  }
  if (work.store !== undefined) {
    const text = "option 'store' does not go with a handler of sequence(): a record that is held back would keep a transaction open"
    throw new TidemarkError('INVALID_OPTION', text)
  }
  handler.prepare(work)
}

function checkStore(store: unknown): TransactionalStore<unknown> {
  const methods: readonly (keyof TransactionalStore<unknown>)[] = ['takeOver', 'begin', 'run', 'advance']
  const isStore = methods.every((name) => typeof (store as Record<string, unknown> | null)?.[name] === 'function')
  if (isStore) return store as TransactionalStore<unknown>
  throw new TidemarkError('INVALID_OPTION', `option 'store' is ${describe(store)}; it must be what exactlyOnce() returned`)
}

function resolveWork(topics: TopicSelection, settings: WorkSettings, concurrency: number): WorkOptions {
  const { timeoutMs } = settings
  const store = settings.store === undefined ? undefined : checkStore(settings.store)
  const poison = poisonOption(settings.poison)
  if (poison !== undefined && store !== undefined) {
    const text = "options 'poison' and 'store' exclude each other: a store keeps no record of calls that have begun"
    throw new TidemarkError('INVALID_OPTION', text)
  }
  return {
    topics: selectionOf(topics),
    concurrency: countOption('concurrency', settings.concurrency ?? concurrency),
    retry: resolveRetry(settings.retry),
    exhausted: exhaustedOption(settings.exhausted),
    poison,
    timeoutMs: timeoutMs === undefined ? undefined : durationOption('timeoutMs', timeoutMs),
    timeoutGraceMs: durationOption('timeoutGraceMs', settings.timeoutGraceMs ?? TIMEOUT_GRACE_MS),
    store,
  }
}
