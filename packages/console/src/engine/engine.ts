/** The one implementation of `ConsoleData`. */
import { type CallLimits, createAdmin, type Kafka, TidemarkError } from '@tidemark/client'
import { groupPositions } from '@tidemark/offsets'
import type { ConsoleData } from '../data.ts'
import { clusterDetails } from './cluster.ts'
import type { GroupLag, PartitionLag } from './contract.ts'
import { Moves } from './moves.ts'
import { recordsOf, tailOf } from './records.ts'
import { timeScalesOf } from './time-scales.ts'
import { topicDetails, topicRows } from './topics.ts'

export interface EngineOptions {
  /** Undefined: who is logged in. */
  readonly user: string | undefined
  /** Undefined: the folder of the user's state. */
  readonly stateFolder: string | undefined
}

export function engineOf(kafka: Kafka, { user, stateFolder }: EngineOptions): ConsoleData {
  const moves = new Moves(kafka, user, stateFolder)
  return {
    plan: (wish, limits) => moves.plan(wish, limits),
    apply: (plan, wish, limits, onProgress) => moves.apply(plan, wish, limits, onProgress),
    moves: (group, limits) => moves.list(group, limits),
    planUndo: (id, limits) => moves.planUndo(id, limits),
    bookmarks: (limits) => moves.bookmarks(limits),
    sample: (groups, limits) => sample(kafka, groups, limits),
    timeScales: (topic, partitions, limits) => timeScalesOf(kafka, topic, partitions, limits),
    topics: (limits) => topicRows(kafka, limits),
    topic: (topic, limits) => topicDetails(kafka, topic, limits),
    records: (topic, wish, limits) => recordsOf(kafka, topic, wish, limits),
    tail: (topic, wish, signal) => tailOf(kafka, topic, wish, signal),
    cluster: (limits) => clusterDetails(kafka, limits),
    close: () => {},
  }
}

async function sample(kafka: Kafka, groups: readonly string[] | undefined, limits: CallLimits): Promise<readonly GroupLag[]> {
  const names = groups ?? (await createAdmin(kafka).groups.list(limits)).map((g) => g.groupId)
  const all: GroupLag[] = []
  for (const group of names) {
    try {
      const { kind, state, members, positions } = await groupPositions(kafka, group, limits)
      const partitions: PartitionLag[] = positions.map((p) => ({
        ...p,
        committedAtMs: null,
        ageMs: null,
        spanMs: null,
        etaMs: null,
        runwayMs: null,
        handledPerSecond: null,
        arrivingPerSecond: null,
      }))
      const lag = positions.reduce((sum, p) => sum + (p.lag ?? 0), 0)
      all.push({
        group,
        kind,
        state,
        members,
        partitions,
        lag,
        open: lag,
        ageMs: null,
        spanMs: null,
        etaMs: null,
        runwayMs: null,
        atMs: 0,
      })
    } catch (error) {
      if (!(error instanceof TidemarkError) || (error.code !== 'UNKNOWN_GROUP' && error.code !== 'UNSUPPORTED_GROUP_TYPE')) throw error
    }
  }
  return all
}
