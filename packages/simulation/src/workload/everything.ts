/**
 * Every verb and option that users have, drawn apart from the plain plan: which of them a run tries, and how often. A
 * run tries some of them and leaves the others out (swarm testing).
 */
import { type BatchSettings, type ConsumerOptions, deadLetter, type EachSettings } from '@tidemark/consumer'
import { SeededRandom } from '@tidemark/testing/internal'
import { type Refusal, refusalsOf, refusedApis } from '../faults/refusals.ts'
import { DEAD_LETTERS } from '../wire/letters.ts'
import type { Plan } from './plan.ts'

/** Whether `npm run sim` draws everything unless it is told otherwise. */
export const DRAW_EVERYTHING = true

export const handlerKinds = [
  'commit',
  'commit and go on',
  'skip',
  'listen to the signal',
  'return a value',
  'return a thenable',
  'return a function with then',
  'resolve twice',
  'throw in then',
  'throw anything',
  'never settle',
  'resolve late',
  'dead letter',
  'name the failed one',
] as const
export type HandlerKind = (typeof handlerKinds)[number]
/** Drawn apart from the others. */
const OF_LETTERS: readonly HandlerKind[] = ['dead letter', 'name the failed one']

export const verbs = [
  'seek',
  'seek twice',
  'seek at assignment',
  'seek beyond the end',
  'pause',
  'pause what is not assigned',
  'pause partitions',
  'resume',
  'commit',
  'positions',
  'explain',
  'close',
  'close twice',
  'close before run',
  'close in a handler',
  'close the client first',
  'close the client alone',
  'stop during a rebalance',
  'stop with a signal',
] as const
export type Verb = (typeof verbs)[number]

export const eventReaders = ['steady', 'slow', 'leaving early', 'two at once'] as const

export interface TopicWork {
  readonly name: string
  readonly kind: 'each' | 'batches' | 'messages'
  /** Subscribed by a pattern, not by its name. */
  readonly isPattern: boolean
  /** Its handlers write in the transactions of a store. */
  readonly isStored: boolean
  readonly order: 'partition' | 'key' | 'none'
  readonly settings: Omit<EachSettings & BatchSettings, 'order' | 'recordsMax' | 'waitMaxMs'> & {
    readonly recordsMax: number
    readonly waitMaxMs: number
  }
}

export interface ProducerDraw {
  readonly acks: 'all' | 'leader' | 'none'
  readonly compression: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'
  readonly idempotent: boolean
  readonly lingerMs: number
  readonly partitioner: 'default' | 'own' | 'throwing'
  readonly headers: 'none' | 'record' | 'list' | 'odd'
  readonly keys: 'text' | 'bytes' | 'none'
  readonly batchBytesMax: number
  readonly namesPartition: boolean
  /** The buffer of a value is used again as soon as `send` has returned. */
  readonly reusesBuffers: boolean
}

export interface Everything {
  readonly topics: readonly TopicWork[]
  readonly groups: 1 | 2
  readonly consumer: Omit<ConsumerOptions, 'group'>
  readonly startAt: boolean
  /** Code around every call of a handler. */
  readonly middleware: boolean
  /** Members in Sarama's shape, in a group of their own. */
  readonly saramaMembers: number
  readonly handlers: readonly HandlerKind[]
  /** How often a handler does one of these. */
  readonly handlerChance: number
  readonly verbs: readonly Verb[]
  readonly verbEveryMs: number
  readonly readers: readonly (typeof eventReaders)[number][]
  readonly refusals: readonly Refusal[]
  readonly refusalEveryMs: number
  readonly holdsAnswers: boolean
  readonly foreignMembers: boolean
  readonly topicIsMadeAgain: boolean
  /** Power is lost under `never` or `interval`: the log loses records, and others take their offsets. */
  readonly truncation: boolean
  /** There is a topic for dead letters; it is created by then. */
  readonly letters: boolean
  readonly lettersFromMs: number
  readonly producers: readonly ProducerDraw[]
  /** `read()` and admin calls beside the group. */
  readonly bystanders: boolean
  /** Some member begins elsewhere than at the committed offset, or at the beginning of the log. */
  readonly jumps: boolean
}

export function withEverything(plan: Plan, seed: number): Plan {
  const random = new SeededRandom(seed ^ 0xa11a11)
  const shapes = new SeededRandom(seed ^ 0x54a9e5)
  const failures = new SeededRandom(seed ^ 0xdeadbe)
  const stored = new SeededRandom(seed ^ 0x570ed).chance(0.3)
  const some = <T>(all: readonly T[], chance: number): T[] => all.filter(() => random.chance(chance))
  const one = <T>(all: readonly T[]): T => all[random.below(all.length)]!
  const on = (chance = 0.4): boolean => random.chance(chance)

  const truncation = on(0.15)
  const topicIsMadeAgain = !truncation && on(0.12)
  const quiet = truncation || topicIsMadeAgain
  const mode = one(['processed', 'processed', 'delivered', 'manual'] as const)
  const handlers = on(0.7)
    ? some(
        handlerKinds.filter((kind) => !OF_LETTERS.includes(kind)),
        0.35,
      )
    : []
  const tried = on(0.75) ? some(verbs, 0.35).filter((v) => !quiet || !v.startsWith('seek')) : []
  const outOfRange = one(truncation ? (['earliest', 'latest'] as const) : (['earliest', 'latest', 'fail'] as const))
  const startFrom = !quiet && on(0.25) ? one(['latest', new Date(Date.UTC(2026, 0, 1) + random.below(3_000))] as const) : 'earliest'
  const startAt = !quiet && on(0.15)
  const limits = on(0.4)
  const letters = !truncation && failures.chance(0.35)

  const timeoutMs = handlers.includes('never settle') || on(0.3) ? (plan.workMs[1] > 40 ? 150 : 40) + random.below(200) : undefined
  // What a truncation tells is rare: somebody listens.
  const listening = (readers: (typeof eventReaders)[number][]) => (truncation && readers.length === 0 ? (['steady'] as const) : readers)

  const topics = ['work', ...(on(0.4) ? ['more'] : [])].map((name, i): TopicWork => {
    const kind = on(0.35) ? 'batches' : 'each'
    const order = i === 0 ? plan.order : one(['partition', 'key', 'none'] as const)
    const isPulled = shapes.chance(0.2)
    const work = {
      name,
      isPattern: shapes.chance(0.25),
      isStored: i === 0 && stored && !isPulled && !quiet && mode === 'processed',
      kind: isPulled ? ('messages' as const) : i === 0 ? (plan.batches ? 'batches' : 'each') : kind,
      order: isPulled ? ('partition' as const) : order,
      settings: {
        concurrency: 1 + random.below(20),
        retry: {
          attempts: on(0.3) ? 1 + random.below(4) : 20 + random.below(40),
          delayMs: random.below(8),
          delayMaxMs: 10 + random.below(60),
        },
        exhausted:
          letters && failures.chance(0.7) ? (on(0.6), deadLetter(DEAD_LETTERS, { delayMs: 5, delayMaxMs: 60 })) : on(0.6) ? 'skip' : 'stop',
        ...(timeoutMs !== undefined && { timeoutMs, timeoutGraceMs: 100 + random.below(900) }),
        recordsMax: 1 + random.below(12),
        waitMaxMs: random.below(40),
      },
    } as const
    return isPulled ? { ...work, settings: { ...work.settings, concurrency: 1 } } : work
  })
  const everything: Everything = {
    topics,
    groups: on(0.25) ? 2 : 1,
    consumer: {
      startFrom,
      outOfRange,
      commit: on(0.2)
        ? mode
        : {
            mode,
            intervalMs: 20 + random.below(400),
            recordsMax: 1 + random.below(60),
            ...(on(0.3) && { completionMap: on(0.5) }),
            ...(on(0.5) && { timeoutMs: 500 + random.below(3_000) }),
          },
      // A user who commits by hand has to commit before the limit: here some records are left to later ones.
      ...(limits && { waitingRecordsMax: 1 + random.below(40), uncommittedRecordsMax: (mode === 'manual' ? 500 : 5) + random.below(80) }),
      ...(on(0.3) && { bufferBytesMax: 500 + random.below(20_000) }),
      ...(on(0.3) && { isolation: one(['read_committed', 'read_uncommitted'] as const) }),
      ...(on(0.3) && { fetchBytesMax: 200 + random.below(100_000) }),
      ...(on(0.3) && { partitionBytesMax: 100 + random.below(10_000) }),
      ...(on(0.3) && { fetchWaitMaxMs: 10 + random.below(400) }),
      ...(on(0.2) && { fetchBytesMin: 1 + random.below(500) }),
      ...(on(0.2) && { rack: 'rack-a' }),
      ...(topics.some((t) => t.isPattern) && { topicsIntervalMs: 50 + shapes.below(600) }),
      ...(on(0.3) && { startTimeoutMs: 2_000 + random.below(30_000) }),
    },
    startAt,
    middleware: shapes.chance(0.3),
    handlers: [...handlers, ...OF_LETTERS.filter((kind) => (letters || kind === 'name the failed one') && failures.chance(0.3))],
    saramaMembers: !quiet && shapes.chance(0.2) ? 1 + shapes.below(2) : 0,
    handlerChance: on(0.4) ? 0.5 : 0.08,
    // A group whose committed offset is behind the end of the log, and that is to fail there, needs its user.
    verbs: outOfRange === 'fail' ? tried.filter((v) => v !== 'seek beyond the end') : tried,
    verbEveryMs: 40 + random.below(400),
    readers: listening(on(0.5) ? some(eventReaders, 0.5) : []),
    refusals: on(0.45) ? some(refusedApis.flatMap(refusalsOf), 0.25) : [],
    refusalEveryMs: 200 + random.below(1_000),
    holdsAnswers: on(0.3),
    foreignMembers: plan.assignors.includes('range') && on(0.2),
    topicIsMadeAgain,
    truncation,
    letters,
    lettersFromMs: [400, 400, 3_000, 9_000][failures.below(plan.nodes.gone === undefined ? 4 : 2)]!,
    producers: on(0.5) ? Array.from({ length: 1 + random.below(2) }, () => producerDraw(random)) : [],
    bystanders: on(0.25),
    jumps: startFrom !== 'earliest' || startAt || tried.some((v) => v.startsWith('seek')),
  }
  return {
    ...plan,
    everything,
    // A topic that is made while a node is gone cannot have as many replicas as the others.
    ...((truncation || topicIsMadeAgain) && { nodes: { ...plan.nodes, gone: undefined } }),
    ...(truncation && {
      // Under `never` the log of the broker's own metadata may lose an epoch that clients know: they are refused
      // until they start again.
      fsync: 'interval' as const,
      powerLoss: true,
    }),
  }
}

function producerDraw(random: SeededRandom): ProducerDraw {
  const one = <T>(all: readonly T[]): T => all[random.below(all.length)]!
  const acks = one(['all', 'all', 'leader', 'none'] as const)
  return {
    acks,
    compression: one(['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const),
    idempotent: acks === 'all' && random.chance(0.8),
    lingerMs: random.chance(0.5) ? random.below(30) : 0,
    partitioner: one(['default', 'own', 'throwing'] as const),
    headers: one(['none', 'record', 'list', 'odd'] as const),
    keys: one(['text', 'bytes', 'none'] as const),
    batchBytesMax: random.chance(0.5) ? 200 + random.below(2_000) : 1_048_576,
    namesPartition: random.chance(0.2),
    reusesBuffers: random.chance(0.3),
  }
}

/** The same plan without what is named: for looking behind a defect that is known. */
export function withoutSome(plan: Plan, without: readonly string[]): Plan {
  const { everything } = plan
  if (everything === undefined || without.length === 0) return plan
  const isIn = (name: string): boolean => !without.some((w) => name.startsWith(w))
  return {
    ...plan,
    everything: {
      ...everything,
      handlers: everything.handlers.filter(isIn),
      verbs: everything.verbs.filter(isIn),
      readers: isIn('events') ? everything.readers.filter(isIn) : [],
      refusals: isIn('refusals') ? everything.refusals.filter((r) => isIn(`${r.api} ${r.error}`) && isIn(r.error)) : [],
      holdsAnswers: everything.holdsAnswers && isIn('holds'),
      foreignMembers: everything.foreignMembers && isIn('foreign'),
      saramaMembers: isIn('sarama') ? everything.saramaMembers : 0,
      topicIsMadeAgain: everything.topicIsMadeAgain && isIn('topics made again'),
      topics: everything.topics.map((t) => ({
        ...t,
        isStored: t.isStored && isIn('store'),
        ...(!isIn('timeoutMs') && { settings: withoutTimeout(t.settings) }),
      })),
      producers: everything.producers.map((p) => ({
        ...p,
        ...(!isIn('throwing partitioner') && p.partitioner === 'throwing' && { partitioner: 'own' }),
        ...(!isIn('odd headers') && p.headers === 'odd' && { headers: 'list' }),
        ...(!isIn('reused buffers') && { reusesBuffers: false }),
      })),
    },
  }
}

const withoutTimeout = ({ timeoutMs: _, timeoutGraceMs: __, ...settings }: TopicWork['settings']): TopicWork['settings'] => settings
