/**
 * A member's side of the classic group protocol, as a pure machine: what happened goes in, what to do comes out.
 *
 * ```
 *           ┌────────── back-off over ───── waiting ◄─┐ (coordinator away)
 *           ▼                                          │
 * idle ─► joining ─► syncing ─► stable ─► (rebalance) ─┤
 *           ▲            │                             │
 *           └─ released ─┴─► releasing ◄───────────────┘      stop: releasing ─► leaving ─► gone
 * ```
 * Cooperative (KIP-429): members join again while they go on working; what the new assignment takes away is drained,
 * committed, and only then left out of the next join. Eager: everything is drained and committed before the join.
 *
 * Claims stay unbroken as long as the member id is valid and no generation was missed: the group's next generation is
 * the one after the last that we joined. Otherwise somebody may have worked on them in between, and they are lost.
 */
import { keyOf } from '@tidemark/client/internal'
import type { ErrorName } from '@tidemark/protocol'
import type { GroupRequest } from '../membership.ts'
import type { MemberSubscription, TopicPartition } from './assignors/assignor.ts'
import { type MemberOutcome, memberOutcome } from './outcome.ts'

/** Names one release of partitions. */
export type ReleaseId = number

export type Phase = 'idle' | 'joining' | 'syncing' | 'stable' | 'releasing' | 'waiting' | 'leaving' | 'gone' | 'failed'

export interface MemberState {
  phase: Phase
  memberId: string
  /** Of the last JoinGroup that was answered; -1 before the first. What commits and heartbeats carry. */
  generation: number
  /** Whether the assignor that the group chose lets members keep their partitions while they join. */
  cooperative: boolean
  /** What we hold, `releasing` included. */
  owned: readonly TopicPartition[]
  releasing: readonly TopicPartition[]
  /**
   * Releases that are under way: more than one if a stop comes in the middle of a revocation. The end of any other is
   * late, and ignored.
   */
  releases: readonly ReleaseId[]
  nextRelease: ReleaseId
  /** The JoinGroup under way has left. */
  joinSent: boolean
  /** Attempts to reach the coordinator that failed one after the other. */
  failures: number
  rejoinWanted: boolean
  stopping: boolean
}

export type MembershipEvent =
  | { readonly kind: 'start' }
  | { readonly kind: 'joinSent' }
  | {
      readonly kind: 'joined'
      readonly memberId: string
      readonly generation: number
      readonly cooperative: boolean
      /** Given to the leader alone. */
      readonly members: readonly MemberSubscription[] | undefined
    }
  | { readonly kind: 'memberIdGiven'; readonly memberId: string }
  | { readonly kind: 'synced'; readonly partitions: readonly TopicPartition[] }
  /** A join, sync, heartbeat or commit was refused. `generation` is what the request carried. */
  | { readonly kind: 'refused'; readonly request: GroupRequest; readonly error: ErrorName; readonly generation: number }
  /** A request could not be sent, or was not answered; it may be tried again. */
  | { readonly kind: 'unreachable'; readonly request: GroupRequest }
  | { readonly kind: 'beaten' }
  /** What this release had to give up is drained, committed and dead. */
  | { readonly kind: 'released'; readonly release: ReleaseId; readonly partitions: readonly TopicPartition[] }
  /**
   * The assignment does not fit any more: topics are not what it was made for, the member asks for others, or a
   * partition has come to nobody.
   */
  | { readonly kind: 'outdated' }
  | { readonly kind: 'backoffPassed' }
  | { readonly kind: 'stop' }
  /** The time of a stop is running out: the member leaves, whatever it still waits for. */
  | { readonly kind: 'abandon' }
  | { readonly kind: 'left' }

export type MembershipAction =
  /** It says what is owned in the turn in which it leaves, which is less than now if something is lost before. */
  | { readonly kind: 'join'; readonly memberId: string; readonly generation: number; readonly owned: readonly TopicPartition[] }
  | {
      readonly kind: 'sync'
      readonly memberId: string
      readonly generation: number
      readonly members: readonly MemberSubscription[] | undefined
    }
  /** Heartbeats go on from now, or stop. */
  | { readonly kind: 'heartbeats'; readonly on: boolean }
  | { readonly kind: 'backoff'; readonly failures: number }
  /** The assignment as a whole: new claims begin, and what is neither kept nor given up is dead. */
  | { readonly kind: 'take'; readonly partitions: readonly TopicPartition[] }
  | {
      readonly kind: 'giveUp'
      readonly release: ReleaseId
      readonly partitions: readonly TopicPartition[]
      readonly reason: 'revoked' | 'shutdown'
    }
  /** A rebalance has begun while partitions are being given up: the coordinator waits no longer than its time-out. */
  | { readonly kind: 'hasten' }
  | { readonly kind: 'lose'; readonly partitions: readonly TopicPartition[] }
  | { readonly kind: 'leave'; readonly memberId: string }
  | { readonly kind: 'fail'; readonly error: ErrorName }

export const memberState = (): MemberState => ({
  phase: 'idle',
  memberId: '',
  generation: -1,
  cooperative: true,
  owned: [],
  releasing: [],
  releases: [],
  nextRelease: 1,
  joinSent: false,
  failures: 0,
  rejoinWanted: false,
  stopping: false,
})

/** Changes `m` and says what to do, in this order. */
export function on(m: MemberState, event: MembershipEvent): MembershipAction[] {
  if (m.phase === 'gone' || m.phase === 'failed') return []
  switch (event.kind) {
    case 'start':
      return m.phase === 'idle' ? join(m) : []
    case 'joinSent':
      m.joinSent = m.phase === 'joining'
      return []
    case 'memberIdGiven':
      if (m.phase !== 'joining') return []
      m.memberId = event.memberId
      return m.stopping ? finish(m) : join(m)
    case 'joined':
      return m.phase === 'joining' ? joined(m, event) : []
    case 'synced':
      return m.phase === 'syncing' ? synced(m, event.partitions) : []
    case 'refused':
      return refused(m, event, memberOutcome(event.error))
    case 'unreachable':
      return isAwaited(m, event.request) ? [...loseUnknown(m), ...wait(m)] : []
    case 'beaten':
      m.failures = 0
      return []
    case 'released':
      return m.phase === 'releasing' ? released(m, event.release, event.partitions) : []
    case 'outdated':
      m.rejoinWanted = true
      return m.phase === 'stable' ? join(m) : []
    case 'backoffPassed':
      return m.phase === 'waiting' ? join(m) : []
    case 'stop':
      return stop(m)
    case 'abandon':
      return isBetweenGenerations(m) ? [...lose(m, m.owned), ...leave(m)] : []
    case 'left':
      m.phase = 'gone'
      return []
  }
}

function join(m: MemberState): MembershipAction[] {
  if (!m.cooperative && m.owned.length > 0) return release(m, m.owned, 'revoked')
  m.phase = 'joining'
  m.joinSent = false
  m.rejoinWanted = false
  return [
    { kind: 'heartbeats', on: false },
    { kind: 'join', memberId: m.memberId, generation: m.generation, owned: m.owned },
  ]
}

function release(m: MemberState, partitions: readonly TopicPartition[], reason: 'revoked' | 'shutdown'): MembershipAction[] {
  m.phase = 'releasing'
  m.releasing = partitions
  const release = m.nextRelease++
  m.releases = [...m.releases, release]
  return [
    { kind: 'heartbeats', on: m.generation >= 0 },
    { kind: 'giveUp', release, partitions, reason },
  ]
}

/** A stop in the middle of a release adds a second one: the last of them counts. */
function released(m: MemberState, release: ReleaseId, partitions: readonly TopicPartition[]): MembershipAction[] {
  if (!m.releases.includes(release)) return []
  m.releases = m.releases.filter((r) => r !== release)
  m.owned = without(m.owned, partitions)
  m.releasing = without(m.releasing, partitions)
  if (m.releasing.length > 0) return []
  return m.stopping ? leave(m) : join(m)
}

function joined(m: MemberState, event: Extract<MembershipEvent, { kind: 'joined' }>): MembershipAction[] {
  const unbroken = event.generation === m.generation + 1 || event.generation === m.generation
  const actions: MembershipAction[] = unbroken ? [] : lose(m, m.owned)
  m.memberId = event.memberId
  m.generation = event.generation
  m.cooperative = event.cooperative
  m.phase = 'syncing'
  actions.push({ kind: 'sync', memberId: m.memberId, generation: m.generation, members: event.members })
  return actions
}

function synced(m: MemberState, assigned: readonly TopicPartition[]): MembershipAction[] {
  m.failures = 0
  const removed = without(m.owned, assigned)
  const actions: MembershipAction[] = []
  // An eager leader has given them to others in this very generation: there is no time left to drain.
  if (!m.cooperative) actions.push(...lose(m, removed))
  if (m.stopping) return [...actions, ...finish(m)]
  m.owned = m.cooperative ? [...assigned, ...removed] : assigned
  actions.push({ kind: 'take', partitions: without(assigned, []) })
  if (m.cooperative && removed.length > 0) return [...actions, ...release(m, removed, 'revoked')]
  m.phase = 'stable'
  actions.push({ kind: 'heartbeats', on: true })
  return m.rejoinWanted ? [...actions, ...join(m)] : actions
}

type Refused = Extract<MembershipEvent, { kind: 'refused' }>

function refused(m: MemberState, { request, error, generation }: Refused, outcome: MemberOutcome): MembershipAction[] {
  if (m.phase === 'leaving') return []
  if (outcome === 'fatal') return fail(m, error)
  // An answer to a request of an earlier generation says nothing about this one.
  if (generation !== m.generation) return []
  switch (outcome) {
    case 'expelled':
      return expelled(m, '')
    case 'stale':
      if (m.phase !== 'joining') return expelled(m, m.memberId)
      // Once the join has left, the group may have moved on with us: its answer will tell. Before that it has moved
      // on without us.
      return m.joinSent ? [] : lose(m, m.owned)
    case 'rebalancing':
      if (m.phase === 'stable') return join(m)
      if (m.phase === 'releasing') return [{ kind: 'hasten' }]
      if (!isAwaited(m, request)) return []
      return m.phase === 'joining' ? wait(m) : [...loseUnknown(m), ...join(m)]
    case 'moved':
    case 'retry':
      // Heartbeats go on by themselves; a join or sync is tried again.
      return isAwaited(m, request) ? [...loseUnknown(m), ...wait(m)] : []
  }
}

/**
 * The join or sync whose answer the member waits for. What becomes of a heartbeat that was sent before it says nothing
 * about it.
 */
const isAwaited = ({ phase }: MemberState, request: GroupRequest): boolean =>
  (phase === 'joining' && request === 'JoinGroup') || (phase === 'syncing' && request === 'SyncGroup')

/**
 * The member holds partitions and has joined a generation whose assignor is eager: in it they may be another member's
 * already, and only the answer to its SyncGroup will tell. Until then nothing is started or committed for them.
 */
export const isSuspended = (m: MemberState): boolean => m.phase === 'syncing' && !m.cooperative && m.owned.length > 0

/** The answer that would have told will not come. */
const loseUnknown = (m: MemberState): MembershipAction[] => (isSuspended(m) ? lose(m, m.owned) : [])

function wait(m: MemberState): MembershipAction[] {
  if (m.stopping) return finish(m)
  m.phase = 'waiting'
  m.failures++
  return [
    { kind: 'heartbeats', on: false },
    { kind: 'backoff', failures: m.failures },
  ]
}

/** The group went on without us: what we held may be somebody else's by now. */
function expelled(m: MemberState, memberId: string): MembershipAction[] {
  const actions = lose(m, m.owned)
  m.memberId = memberId
  if (memberId === '') m.generation = -1
  if (m.stopping) return [...actions, ...leave(m)]
  if (m.phase === 'joining' || m.phase === 'waiting') return [...actions, ...wait(m)]
  return [...actions, ...join(m)]
}

function lose(m: MemberState, partitions: readonly TopicPartition[]): MembershipAction[] {
  m.owned = without(m.owned, partitions)
  m.releasing = without(m.releasing, partitions)
  if (m.releasing.length === 0) m.releases = []
  return partitions.length === 0 ? [] : [{ kind: 'lose', partitions }]
}

function fail(m: MemberState, error: ErrorName): MembershipAction[] {
  const actions = lose(m, m.owned)
  m.phase = 'failed'
  return [...actions, { kind: 'heartbeats', on: false }, { kind: 'fail', error }]
}

function stop(m: MemberState): MembershipAction[] {
  if (m.stopping) return []
  m.stopping = true
  // A join that has left is awaited: only a member of the new generation can commit what it drains. One that has not
  // left never does.
  const isUnderWay = (m.phase === 'joining' && m.joinSent) || m.phase === 'syncing'
  return isUnderWay ? [] : finish(m)
}

/** The last steps of a member that stops: drain and commit what it holds, then leave. */
function finish(m: MemberState): MembershipAction[] {
  return m.owned.length === 0 ? leave(m) : release(m, m.owned, 'shutdown')
}

function leave(m: MemberState): MembershipAction[] {
  const actions: MembershipAction[] = [{ kind: 'heartbeats', on: false }]
  m.phase = m.memberId === '' ? 'gone' : 'leaving'
  if (m.phase === 'leaving') actions.push({ kind: 'leave', memberId: m.memberId })
  return actions
}

/** It waits for other members, or for the coordinator, and not for its own handlers. */
const isBetweenGenerations = ({ phase }: MemberState): boolean => phase === 'joining' || phase === 'syncing' || phase === 'waiting'

function without(all: readonly TopicPartition[], some: readonly TopicPartition[]): TopicPartition[] {
  const out = new Set(some.map(keyOf))
  return all.filter((p) => !out.has(keyOf(p)))
}
