/** The one implementation of `ConsoleData`. */
import type { Kafka } from '@tidemark/client'
import { examine, positionsAt, type SchemaRegistry } from '@tidemark/offsets'
import type { ConsoleData } from '../data.ts'
import { clusterDetails } from './cluster.ts'
import { historyOf } from './history.ts'
import { Lags } from './lags.ts'
import { Moves } from './moves.ts'
import { peekedRecords, recordsOf, tailOf } from './records.ts'
import { timeScalesOf } from './time-scales.ts'
import { topicDetails, topicRows } from './topics.ts'

export interface EngineOptions {
  /** Undefined: who is logged in. */
  readonly user: string | undefined
  /** Undefined: the folder of the user's state. */
  readonly stateFolder: string | undefined
  /** Undefined: nothing is decoded. */
  readonly registry: SchemaRegistry | undefined
}

export function engineOf(kafka: Kafka, { user, stateFolder, registry }: EngineOptions): ConsoleData {
  const lags = new Lags(kafka)
  const moves = new Moves(kafka, user, stateFolder)
  return {
    examine: (group, limits) => examine(kafka, { ...limits, ...(group !== undefined && { groups: [group] }) }),
    peek: (group, wish, limits) => peekedRecords(kafka, registry, group, wish, limits),
    history: (wish, limits) => historyOf(kafka, wish, limits),
    positionsAt: (group, atMs, limits) => positionsAt(kafka, group, new Date(atMs), limits),
    plan: (wish, limits) => moves.plan(wish, limits),
    apply: (plan, wish, limits, onProgress) => moves.apply(plan, wish, limits, onProgress),
    moves: (group, limits) => moves.list(group, limits),
    planUndo: (id, limits) => moves.planUndo(id, limits),
    planRestore: (group, wish, limits) => moves.planRestore(group, wish, limits),
    bookmarks: (limits) => moves.bookmarks(limits),
    sample: (groups, limits) => lags.sample(groups, limits),
    timeScales: (topic, partitions, limits) => timeScalesOf(kafka, topic, partitions, limits),
    topics: (limits) => topicRows(kafka, limits),
    topic: (topic, limits) => topicDetails(kafka, topic, limits),
    records: (topic, wish, limits) => recordsOf(kafka, registry, topic, wish, limits),
    tail: (topic, wish, signal) => tailOf(kafka, registry, topic, wish, signal),
    cluster: (limits) => clusterDetails(kafka, limits),
    close: () => lags.close(),
  }
}
