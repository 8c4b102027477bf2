/** Moves through the plans of `@tidemark/offsets`; where they are kept, the command line finds them too. */
import { type CallLimits, createAdmin, type Kafka } from '@tidemark/client'
import {
  type ApplyStep,
  applyPlan,
  BookmarkStore,
  type MovePlan,
  type MoveRecord,
  MoveStore,
  type MoveWish,
  planMove,
  planRestore,
  planUndo,
  settleMove,
} from '@tidemark/offsets'
import type { ApplyWish, RestoreWish } from '../data.ts'
import type { BookmarkRow } from '../shapes.ts'

const MOVES_SHOWN = 200

export class Moves {
  readonly #kafka: Kafka
  readonly #user: string | undefined
  readonly #moves: MoveStore
  readonly #bookmarks: BookmarkStore

  /** `folder`: undefined for that of the user's state. */
  constructor(kafka: Kafka, user: string | undefined, folder: string | undefined) {
    this.#kafka = kafka
    this.#user = user
    this.#moves = folder === undefined ? new MoveStore() : new MoveStore(`${folder}/moves`)
    this.#bookmarks = folder === undefined ? new BookmarkStore() : new BookmarkStore(`${folder}/bookmarks`)
  }

  plan(wish: MoveWish, limits: CallLimits): Promise<MovePlan> {
    return planMove(this.#kafka, wish, { ...limits, bookmarks: this.#bookmarks })
  }

  apply(
    plan: MovePlan,
    { accept = [], waitEmptyMs = 0, reason }: ApplyWish,
    limits: CallLimits,
    onProgress: (step: ApplyStep) => void,
  ): Promise<MoveRecord> {
    return applyPlan(this.#kafka, plan, {
      ...limits,
      accept,
      waitEmptyMs,
      ...(reason !== undefined && { reason }),
      ...(this.#user !== undefined && { user: this.#user }),
      store: this.#moves,
      onProgress,
    })
  }

  /** Newest first. One whose process was killed is found to be done, or not, by reading the group. */
  async list(group: string | undefined, limits: CallLimits): Promise<readonly MoveRecord[]> {
    const { clusterId } = await createAdmin(this.#kafka).cluster.describe(limits)
    const records = await this.#moves.list({ clusterId, ...(group !== undefined && { group }), recordsMax: MOVES_SHOWN })
    return Promise.all(records.map((record) => settleMove(this.#kafka, record, this.#moves, limits)))
  }

  async planUndo(id: string, limits: CallLimits): Promise<MovePlan> {
    const record = await settleMove(this.#kafka, await this.#moves.get(id), this.#moves, limits)
    return planUndo(this.#kafka, record, { ...limits, bookmarks: this.#bookmarks })
  }

  planRestore(group: string, { atMs, scope, undoes }: RestoreWish, limits: CallLimits): Promise<MovePlan> {
    const at = new Date(atMs)
    const options = { ...limits, scope, bookmarks: this.#bookmarks }
    return planRestore(this.#kafka, group, at, undoes === undefined ? options : { ...options, undoes: { at, partitions: [undoes] } })
  }

  async bookmarks(limits: CallLimits): Promise<readonly BookmarkRow[]> {
    const { clusterId } = await createAdmin(this.#kafka).cluster.describe(limits)
    const own = (await this.#bookmarks.list()).filter((it) => it.clusterId === clusterId)
    return own.map(({ name, group, atMs, positions }) => ({ name, group, atMs, partitions: positions.length }))
  }
}
