/**
 * What happens in a simulated world, as the invariants see it: from outside, by the bytes on the wire and by what
 * handlers do.
 */
import type { CompletionMap } from '@tidemark/consumer'
import type { Process } from '@tidemark/testing/internal'

/**
 * A partition: `work-0`. A topic that was deleted and created again is another topic of the same name, and its
 * partitions are other places: `work~2-0`. Assignments name topics without their ids, so what is owned is spelled
 * without `~`.
 */
export type Place = string

export const placeOf = (topic: string, partition: number): Place => `${topic}-${partition}`
/** The place as assignments name it. */
export const ownedName = (place: Place): Place => place.replace(/~\d+/, '')
export const topicOf = (place: Place): string => place.slice(0, place.lastIndexOf('-')).replace(/~\d+/, '')

export type Fact =
  /** The broker acknowledged a record. */
  | { readonly kind: 'acknowledged'; readonly place: Place; readonly offset: number; readonly value: string }
  | ({ readonly kind: 'handlerStarted' } & Handling)
  | ({ readonly kind: 'handlerDone' } & Handling)
  | ({ readonly kind: 'handlerFailed' } & Handling)
  /**
   * `stableMs`: when the member sent the last heartbeat or sync whose answer said that the group is stable; on the
   * monotonic clock.
   */
  | ({ readonly kind: 'joinSent'; readonly owned: readonly Place[]; readonly stableMs: number } & OfMember)
  /** The broker wrote the answer: the member belongs to the generation. */
  | ({ readonly kind: 'joinDecided'; readonly generation: number; readonly memberId: string } & OfMember)
  | ({ readonly kind: 'syncDecided'; readonly generation: number; readonly member: string; readonly places: readonly Place[] } & OfMember)
  /**
   * The member got the answer to its join. `eager`: what it holds may be another member's, and only the answer to its
   * SyncGroup tells.
   */
  | ({ readonly kind: 'joinAnswered'; readonly eager: boolean } & OfMember)
  /** The member got its assignment. `eager`: what is not in it any more is somebody else's at once. */
  | ({ readonly kind: 'syncAnswered'; readonly places: readonly Place[]; readonly eager: boolean } & OfMember)
  | ({ readonly kind: 'leaveSent'; readonly stableMs: number } & OfMember)
  /**
   * The member got an answer that says it is out: UNKNOWN_MEMBER_ID, ILLEGAL_GENERATION or FENCED_INSTANCE_ID in its
   * current generation, or a generation that does not follow its own.
   */
  | ({ readonly kind: 'lossKnown'; readonly error: string } & OfMember)
  | ({
      readonly kind: 'commitSent'
      readonly generation: number
      readonly offsets: ReadonlyMap<Place, number>
      /** What the metadata calls done above the offsets. */
      readonly finished: readonly FinishedIn[]
    } & OfMember)
  /**
   * The commit reached the broker when `current` was the newest generation it had told anybody of, and was accepted.
   */
  | ({
      readonly kind: 'commitAccepted'
      readonly generation: number
      readonly current: number
      readonly offsets: ReadonlyMap<Place, number>
      readonly finished: readonly FinishedIn[]
    } & OfMember)
  /** The member got the answer to a commit: these offsets are on record. */
  | ({
      readonly kind: 'commitAcknowledged'
      readonly offsets: ReadonlyMap<Place, number>
      readonly finished: readonly FinishedIn[]
    } & OfMember)
  /** The broker has deleted a topic: what was done of it cannot be committed any more. */
  /** The member knows that its group was stable at this time: when it sent the request that says so. */
  | { readonly kind: 'stableKnown'; readonly process: Process; readonly atMs: number }
  /** It may be deleted from now on: a crash can leave the request unanswered. */
  | { readonly kind: 'topicDeletionSent'; readonly topic: string }
  | { readonly kind: 'topicDeleted'; readonly topic: string }
  /** The broker answered a request for what is committed: a commit counts also when its own answer never left. */
  | { readonly kind: 'commitKnown'; readonly group: string; readonly offsets: ReadonlyMap<Place, number> }
  /** A member learnt where its claims begin, and what is done above. */
  | ({ readonly kind: 'placesKnown'; readonly places: readonly Place[]; readonly finished: readonly FinishedIn[] } & OfMember)
  /** A member asked where a log begins or ends, or which offset a time has, and got this. */
  | { readonly kind: 'offsetListed'; readonly process: Process; readonly place: Place; readonly offset: number }
  /** A member was told that its position is outside of the log. */
  | { readonly kind: 'outOfRangeTold'; readonly process: Process; readonly place: Place }
  /** The group's user wished that nothing below this offset has to be done: a seek, or a place to begin. */
  | { readonly kind: 'jumped'; readonly group: string; readonly place: Place; readonly offset: number }
  /** The record counts as done though no handler did it: it was skipped, or will be when this attempt fails. */
  | { readonly kind: 'excused'; readonly group: string; readonly place: Place; readonly offset: number }
  /** The broker has a dead letter of the record. `isNamed`: it has the record's own name. */
  | {
      readonly kind: 'letterWritten'
      readonly group: string
      readonly place: Place
      readonly offset: number
      readonly value: string
      readonly isNamed: boolean
    }
  /** A member told of a dead letter. */
  | ({ readonly kind: 'letterTold'; readonly place: Place; readonly offset: number } & OfMember)
  /** A leader that knew the whole cluster assigned: to these members, these partitions with replicas in these racks. */
  | ({
      readonly kind: 'groupAssigned'
      readonly members: readonly RackedMember[]
      readonly replicas: ReadonlyMap<Place, ReadonlySet<string>>
      readonly given: ReadonlyMap<string, readonly Place[]>
    } & OfMember)
  | { readonly kind: 'memberCrashed'; readonly process: Process }
  /** SIGSTOP: it goes on later. */
  | { readonly kind: 'memberStopped'; readonly process: Process }
  | { readonly kind: 'brokerCrashed'; readonly power: boolean }
  | VerbFact
  | NodeFact

/** Of a broker of several nodes. */
export type NodeFact =
  /** The node answered for a partition (`work-0`) or a group (`group workers`), and no leader moved meanwhile. */
  | { readonly kind: 'served'; readonly node: number; readonly era: number; readonly what: string; readonly api: string }
  /** Some node says that this one leads the partition in this epoch. */
  | { readonly kind: 'leaderTold'; readonly place: Place; readonly epoch: number; readonly leader: number }
  /** The node acknowledged a batch that had come in no other request. */
  | { readonly kind: 'appended'; readonly node: number; readonly place: Place; readonly offset: number }
  /**
   * A client got the answer that another node leads `topic <name> <partition>` or coordinates `group <name>`. Sent and
   * got in this order among all requests and answers.
   */
  | {
      readonly kind: 'sentElsewhere'
      readonly process: Process
      readonly api: string
      readonly what: string
      readonly node: number
      readonly sentAt: number
      readonly at: number
    }
  /** A client got an answer to a look-up of a topic or a coordinator, or a node named the leader of a partition. */
  | { readonly kind: 'leaderLearnt'; readonly process: Process; readonly what: string; readonly at: number; readonly leader?: number }
  | { readonly kind: 'batchArrived'; readonly place: Place; readonly crc: number }
  /** By a node that does not lead. */
  | { readonly kind: 'batchRefused'; readonly place: Place; readonly crc: number }
  /** It is in the log: a Fetch was answered with it. */
  | { readonly kind: 'batchSeen'; readonly place: Place; readonly offset: number; readonly epoch: number; readonly crc: number }

/** What the user of a consumer does, and what comes of it. */
export type VerbFact =
  | ({ readonly kind: 'seekCalled'; readonly place: Place; readonly call: number; readonly to: string } & OfMember)
  | ({ readonly kind: 'seekSettled'; readonly place: Place; readonly call: number; readonly offset: number | undefined } & OfMember)
  /** `partitions` undefined: all of the topic, whatever is assigned later. */
  | ({ readonly kind: 'paused'; readonly topic: string; readonly partitions: readonly number[] | undefined } & OfMember)
  | ({ readonly kind: 'resumed'; readonly topic: string; readonly partitions: readonly number[] | undefined } & OfMember)
  /**
   * A `commit()` resolved: these offsets were done and could be committed when it was called, of partitions as
   * assignments name them; or (`covers`) these records were its own.
   */
  | ({ readonly kind: 'commitResolved'; readonly offsets: ReadonlyMap<Place, number>; readonly covers: 'below' | 'record' } & OfMember)
  /**
   * `run()` has settled; `error` is the code with which it rejected, `uncommitted` what COMMIT_FAILED says of
   * partitions.
   */
  | ({
      readonly kind: 'runSettled'
      readonly error: string | undefined
      readonly uncommitted: ReadonlyMap<Place, number>
    } & OfMember)
  /** The consumer is told to end, and may take no longer than this. */
  | ({ readonly kind: 'closeCalled'; readonly timeoutMs: number } & OfMember)
  /** `close()` has resolved. */
  | ({ readonly kind: 'closed' } & OfMember)
  /** A moment after everything of the member was closed: what would still keep its process alive. */
  | ({
      readonly kind: 'processOver'
      readonly timers: number
      readonly connections: number
      readonly unsettled: readonly string[]
    } & OfMember)
  /** The member got an answer that the man in the middle had put an error into; `final`: no retry mends it. */
  | {
      readonly kind: 'refused'
      readonly process: Process
      readonly api: string
      readonly error: string
      readonly final: boolean
      /** `<topic or its id>-<partition>`, if the error stands at partitions. */
      readonly partitions: readonly string[]
    }
  /** An event, a report or a rejection: the member's user can see that something is wrong. */
  | { readonly kind: 'shown'; readonly process: Process; readonly what: string }
  | ({ readonly kind: 'positionsTold'; readonly place: Place; readonly waiting: number; readonly waitingMax: number } & OfMember)

export interface OfMember {
  readonly process: Process
  readonly group: string
}

/** As it says itself when it joins. */
export interface RackedMember {
  readonly memberId: string
  readonly topics: readonly string[]
  readonly rack: string | undefined
}

/** Whether a member that says where it is finds no replica there. */
export const isFar = ({ rack }: RackedMember, replicas: ReadonlySet<string> | undefined): boolean =>
  rack !== undefined && replicas?.has(rack) !== true

export interface FinishedIn extends CompletionMap {
  readonly place: Place
}

/** One record in one call of a handler. */
export interface Handling extends OfMember {
  readonly place: Place
  readonly offset: number
  /** Undefined: it has none, and no order among the others of its kind. */
  readonly key: string | undefined
  readonly value: string
  /** Counts up over the whole run: the records of one batch share it. */
  readonly call: number
  readonly how: HandlingRules
  /** The signal that the handler was given; a consumer makes it when it is asked for. */
  readonly signal: () => AbortSignal
}

/** What was asked for with `each` or `batches`. */
export interface HandlingRules {
  readonly order: 'partition' | 'key' | 'none' | 'batches'
  readonly concurrency: number
  /** Its program commits when it likes, whatever the world's consumers do. */
  readonly isCommittedByHand?: boolean
}

export class Violation extends Error {
  readonly invariant: string

  constructor(invariant: string, message: string) {
    super(message)
    this.invariant = invariant
  }
}

/** Something that must hold at every moment; it throws `Violation`. */
export interface Invariant {
  readonly name: string
  see(fact: Fact): void
}

interface Spelled {
  readonly process?: Process
  readonly finished?: readonly FinishedIn[]
}

/** A fact as one line. */
export function spelled(fact: Fact): string {
  const { kind, process, finished = [], ...rest } = fact as Fact & Spelled
  const details = Object.entries(rest)
    .filter(([, v]) => v !== undefined && typeof v !== 'function' && (typeof v !== 'object' || v instanceof Map || Array.isArray(v)))
    .map(([k, v]) => `${k}=${v instanceof Map ? [...v].map((e) => e.join(':')).join(',') : String(v)}`)
  for (const { place, base, top, open } of finished) details.push(`done=${place}:${base}-${top}${open.map((o) => `-${o}`).join('')}`)
  return [kind, process?.name, ...details].filter(Boolean).join(' ')
}
