/** `applyPlan`: does what a plan says, once, if nothing changed since it was made. */
import { createAdmin, type Kafka } from '@tidemark/client'
import { forgetOffsets, handleOf, keyOf, type WriteOutcome, writeOffsets } from '@tidemark/client/internal'
import { counted, type Lock, lockWithin, numberText, TidemarkError } from '@tidemark/platform'
import type { MoveRecord, RecordedChange } from '../moves/move-record.ts'
import { type MoveStore, moveId } from '../moves/move-store.ts'
import { committedBy, placeOf } from '../plan/gather.ts'
import { checkPlan } from '../plan/read-plan.ts'
import { targetText } from '../plan/target-text.ts'
import type { MovePlan } from '../plan/types.ts'
import { type NextLimits, shrinking } from '../read/limits.ts'
import { type Committed, checkLogs, checkPlaces, touched } from './check-unchanged.ts'
import { ejectAll } from './eject.ts'
import { watchForGhosts } from './ghost-consumer.ts'
import { type ApplyOptions, type ResolvedApplyOptions, resolveApplyOptions } from './options.ts'
import { closeRecord, withOutcomes } from './outcome.ts'
import { waitUntilEmpty } from './wait-empty.ts'

/**
 * Reads the group and the topics again, and moves the offsets only if everything is as the plan found it: offsets,
 * leader epochs, metadata, topic ids, and the log around the new places. What is replaced is on disk before the first
 * commit is sent. Afterwards all is read back. Resolves with the record of the move, which `planUndo` takes back.
 *
 * Kafka has no compare-and-set for offsets. Between the last reading and the commit, a few milliseconds, a consumer
 * that is not a member, or a tool on another machine, can still commit unseen; two callers on one machine cannot: a
 * lock in the store lets one go first, and the other finds the plan stale. Members cannot: the coordinator refuses
 * commits from outside while a group has any (OffsetMetadataManager.validateOffsetCommit).
 *
 * Rejects with `TidemarkError`, nothing changed: PLAN_DAMAGED, PLAN_EXPIRED, PLAN_STALE, FALLBACK_NOT_ACCEPTED,
 * GROUP_ACTIVE, GHOST_CONSUMER, NOTHING_TO_DO. MOVE_INCOMPLETE: a part was done; the record says which. Anything else,
 * such as TIMED_OUT: the record stays `applying`, and `settleMove` finds out.
 */
export async function applyPlan(kafka: Kafka, given: MovePlan, options: ApplyOptions = {}): Promise<MoveRecord> {
  const resolved = resolveApplyOptions(options)
  const plan = checkPlan(given)
  checkBeforehand(kafka, plan, resolved)
  const { clock } = handleOf(kafka).platform
  const untilMs = clock.monotonic() + resolved.waitEmptyMs
  const lockLimits = shrinking(kafka, resolved.limits)
  for (;;) {
    if (mustBeEmpty(plan) && !resolved.eject) await waitUntilEmpty(kafka, plan.group, untilMs, resolved.limits)
    resolved.onProgress('waiting')
    const lock = await lockOf(kafka, plan, resolved.store, lockLimits)
    try {
      return await applyLocked(kafka, plan, resolved)
    } catch (error) {
      // A member came between the look and the commit: with time left, the next gap is waited for.
      const isLate = error instanceof TidemarkError && error.code === 'GROUP_ACTIVE' && !resolved.eject && clock.monotonic() < untilMs
      if (!isLate) throw error
    } finally {
      lock.release()
    }
  }
}

/** Offsets of topics that nobody in the group reads may be deleted while it works (KIP-496): the broker decides. */
const mustBeEmpty = (plan: MovePlan): boolean =>
  (plan.wish.target.kind === 'delete' && plan.wish.target.group === true) || plan.changes.some(({ outcome }) => outcome === 'moves')

function checkBeforehand(kafka: Kafka, plan: MovePlan, { accept, eject }: ResolvedApplyOptions): void {
  const nowMs = handleOf(kafka).platform.clock.now()
  if (nowMs > plan.expiresAtMs) {
    throw new TidemarkError('PLAN_EXPIRED', `the plan could be applied until ${new Date(plan.expiresAtMs).toISOString()}; plan again`)
  }
  const open = plan.needs.filter((need) => accept !== 'all' && !accept.has(need))
  if (open.length > 0) {
    throw new TidemarkError(
      'FALLBACK_NOT_ACCEPTED',
      `the plan for group '${plan.group}' needs ${open.join(', ')} to be accepted: nothing was changed; see its changes`,
    )
  }
  if (eject && accept !== 'all' && !accept.has('progressed')) {
    throw new TidemarkError(
      'FALLBACK_NOT_ACCEPTED',
      `to move group '${plan.group}' while it works needs progressed to be accepted: nothing was changed`,
    )
  }
  if (touched(plan).length === 0 && !deletesGroup(plan)) {
    throw new TidemarkError('NOTHING_TO_DO', `the plan changes nothing in group '${plan.group}'`)
  }
}

const deletesGroup = ({ wish }: MovePlan): boolean => wish.target.kind === 'delete' && wish.target.group === true

const LOCK_MAX_MS = 10_000

/** Rejects with PLAN_STALE if another process moves the group for longer than that takes. */
async function lockOf(kafka: Kafka, { clusterId, group }: MovePlan, store: MoveStore, limits: NextLimits): Promise<Lock> {
  const { clock } = handleOf(kafka).platform
  const { timeoutMs = LOCK_MAX_MS, signal } = limits()
  const waiting = lockWithin(clock, () => store.lock(clusterId, group), Math.min(LOCK_MAX_MS, timeoutMs), signal)
  const lock = await waiting.catch((cause: unknown) => {
    if (signal?.aborted !== true) throw cause
    throw new TidemarkError('ABORTED', `moving group '${group}' was aborted`, { cause })
  })
  if (lock !== undefined) return lock
  throw new TidemarkError('PLAN_STALE', `another process moves group '${group}' right now: nothing was changed; plan again`)
}

/** A race with members that join again, which is lost rarely. */
const EJECTIONS_MAX = 5

async function applyLocked(kafka: Kafka, plan: MovePlan, options: ResolvedApplyOptions): Promise<MoveRecord> {
  const { accept, onProgress, store } = options
  const limits = shrinking(kafka, options.limits)
  const { clock } = handleOf(kafka).platform
  const facts =
    mustBeEmpty(plan) && !options.eject
      ? await waitUntilEmpty(kafka, plan.group, clock.monotonic(), limits())
      : { clusterId: (await createAdmin(kafka).cluster.describe(limits())).clusterId }
  if (facts.clusterId !== plan.clusterId) {
    throw new TidemarkError('PLAN_STALE', `the plan is for cluster ${plan.clusterId}, and this is ${facts.clusterId}: nothing was changed`)
  }
  const mayProgress = options.eject || (accept !== 'all' && accept.has('progressed'))
  const first = await committedBy(kafka, plan.group, limits())
  checkPlaces(plan, first, mayProgress)
  await checkLogs(kafka, plan, limits)
  const isWatched = mustBeEmpty(plan) && !options.eject
  const now = isWatched ? await watchForGhosts(kafka, plan.group, first, options.ghostCheckMs, limits) : first
  onProgress('checked')

  const { record, outcomes } = await recordAndCommit(kafka, plan, now, options, limits)
  onProgress('committed')

  const found = await committedBy(kafka, plan.group, limits())
  onProgress('verified')

  const ended = withOutcomes(record, outcomes, found, options.eject)
  await closeRecord(kafka, store, ended)
  onProgress('closed')
  return resultOf(ended, outcomes)
}

/** What is replaced is on disk before the first commit is sent. */
async function recordAndCommit(kafka: Kafka, plan: MovePlan, found: Committed, options: ResolvedApplyOptions, limits: NextLimits) {
  const atMs = handleOf(kafka).platform.clock.now()
  for (let tries = 1; ; tries++) {
    if (options.eject) await ejectAll(kafka, plan.group, limits)
    const now = options.eject ? await committedBy(kafka, plan.group, limits()) : found
    const record = newRecord(plan, now, atMs, options)
    await options.store.write(record)
    options.onProgress('recorded')
    const outcomes = await commit(kafka, plan, limits)
    // A member joined again before the commit: nothing was changed.
    const isLost = options.eject && outcomes.every(({ error }) => error?.code === 'GROUP_ACTIVE')
    if (!isLost || tries === EJECTIONS_MAX) return { record, outcomes }
  }
}

function newRecord(plan: MovePlan, now: Committed, atMs: number, { user, reason }: ResolvedApplyOptions): MoveRecord {
  const { target } = plan.wish
  const changes = touched(plan).map(
    (change): RecordedChange => ({
      topic: change.topic,
      topicId: change.topicId,
      partition: change.partition,
      before: placeOf(now.get(keyOf(change))),
      after: change.after,
      state: 'open',
      error: null,
    }),
  )
  return {
    id: moveId(atMs, plan.id),
    planId: plan.id,
    clusterId: plan.clusterId,
    group: plan.group,
    target: targetText(target),
    atMs,
    user,
    reason,
    state: 'applying',
    undoes: target.kind === 'places' ? (target.undoes ?? null) : null,
    changes,
  }
}

async function commit(kafka: Kafka, plan: MovePlan, limits: NextLimits): Promise<WriteOutcome[]> {
  const { cluster } = handleOf(kafka)
  const changes = touched(plan)
  if (deletesGroup(plan)) return deleteGroup(kafka, plan, limits)
  const moving = changes.flatMap(({ topic, partition, after }) => (after === null ? [] : [{ topic, partition, ...after }]))
  const deleting = changes.filter(({ after }) => after === null)
  const written = moving.length === 0 ? [] : await writeOffsets(cluster, plan.group, moving, limits())
  // A group that got members meanwhile is left as it is.
  const isActive = written.some(({ error }) => error?.code === 'GROUP_ACTIVE')
  if (deleting.length === 0) return written
  const error = written.find((it) => it.error?.code === 'GROUP_ACTIVE')?.error
  const forgotten = isActive ? deleting.map((it) => ({ ...it, error })) : await forgetOffsets(cluster, plan.group, deleting, limits())
  return [...written, ...forgotten]
}

async function deleteGroup(kafka: Kafka, plan: MovePlan, limits: NextLimits): Promise<WriteOutcome[]> {
  let error: TidemarkError | undefined
  try {
    await createAdmin(kafka).groups.delete(plan.group, limits())
  } catch (failure) {
    if (!(failure instanceof TidemarkError)) throw failure
    error = failure.code === 'NON_EMPTY_GROUP' ? new TidemarkError('GROUP_ACTIVE', failure.message, { cause: failure }) : failure
  }
  const deleted = touched(plan).map(({ topic, partition }) => ({ topic, partition, error }))
  return deleted.length > 0 ? deleted : [{ topic: '', partition: -1, error }]
}

/** Throws what describes best that not all was done. */
function resultOf(record: MoveRecord, outcomes: readonly WriteOutcome[]): MoveRecord {
  const left = record.changes.filter(({ state }) => state !== 'done')
  const error = outcomes.find((it) => it.error !== undefined)?.error
  if (record.state === 'applied') return record
  const done = record.changes.length - left.length
  if (done === 0 && error !== undefined) throw error
  const partitions = left.map(({ topic, partition, after }) => ({ topic, partition, offset: after?.offset ?? -1 }))
  const text = `${numberText(done)} of ${counted(record.changes.length, 'partition')} of group '${record.group}' were moved`
  const why = left[0]!.error ?? error?.message ?? 'another offset was read back'
  throw new TidemarkError('MOVE_INCOMPLETE', `${text}; ${left[0]!.topic}-${left[0]!.partition} was not: ${why}; see move ${record.id}`, {
    partitions,
    cause: error,
  })
}
