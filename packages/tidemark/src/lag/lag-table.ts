/** The rows and columns of `lag`: one a group, or one a partition. */

import { durationText, type GroupLag, type Measured, type PartitionLag } from '@tidemark/offsets'
import { numberText } from '@tidemark/platform'
import { noteOf, ownerText } from '../print/group-table.ts'
import type { Row } from '../print/table.ts'

export type LagView = 'group' | 'partition'

export interface LagTable {
  readonly rows: readonly Row[]
  readonly columns: Readonly<Record<string, string>>
}

const TIMES = ['ageMs', 'ageCertainty', 'spanMs', 'etaMs', 'runwayMs'] as const

/** What CSV prints, of each view. */
export const LAG_FIELDS: Readonly<Record<LagView, readonly string[]>> = {
  group: ['group', 'kind', 'state', 'members', 'lag', 'open', ...TIMES, 'error'],
  partition: [
    ...['group', 'topic', 'partition', 'committed', 'committedAtMs', 'start', 'stable', 'end', 'lag', 'doneAbove', 'open', 'records'],
    ...TIMES,
    ...['handledPerSecond', 'arrivingPerSecond', 'reason', 'memberId', 'clientId', 'host', 'error'],
  ],
}

export const lagTable = (groups: readonly GroupLag[], view: LagView): LagTable => (view === 'group' ? byGroup(groups) : byPartition(groups))

function byGroup(groups: readonly GroupLag[]): LagTable {
  const columns = {
    group: 'GROUP',
    state: 'STATE',
    members: 'MEMBERS',
    lag: 'LAG',
    ...(groups.some((it) => it.open !== it.lag) && { open: 'OPEN' }),
    ...TIME_COLUMNS,
    ...(groups.some((it) => it.error !== null) && { error: 'ERROR' }),
  }
  const rows = groups.map(({ group, kind, state, members, lag, open, error, ...times }) => ({
    ...{ group, kind, state, members: members.length, lag, open },
    ...timesOf(times),
    error: error?.message,
  }))
  return { rows, columns }
}

function byPartition(groups: readonly GroupLag[]): LagTable {
  const all = groups.flatMap(({ partitions }) => partitions)
  const columns = {
    ...(groups.length !== 1 && { group: 'GROUP' }),
    topic: 'TOPIC',
    partition: 'PARTITION',
    committed: 'COMMITTED',
    end: 'END',
    lag: 'LAG',
    ...(all.some((it) => it.doneAbove > 0) && { open: 'OPEN' }),
    ...TIME_COLUMNS,
    owner: 'OWNER',
    ...(all.some((it) => lagNote(it) !== null) && { note: 'NOTE' }),
  }
  const rows = groups.flatMap(({ group, members, partitions }) =>
    partitions.map(({ records, owner, error, recordError, ageMs, spanMs, etaMs, runwayMs, ...position }) => ({
      group,
      ...position,
      ...timesOf({ ageMs, spanMs, etaMs, runwayMs }),
      records: records?.certainty === 'exact' ? records.value : null,
      memberId: owner?.memberId,
      clientId: owner?.clientId,
      host: owner?.host,
      owner: owner && ownerText(owner, members),
      note: lagNote({ ...position, records, error, recordError }),
      error: (error ?? recordError)?.message,
    })),
  )
  return { rows, columns }
}

const TIME_COLUMNS = { age: 'AGE', span: 'SPAN', eta: 'ETA', runway: 'RUNWAY' }
type Times = Pick<GroupLag, 'ageMs' | 'spanMs' | 'etaMs' | 'runwayMs'>

/** For programs in milliseconds, for people in words. */
const timesOf = ({ ageMs, spanMs, etaMs, runwayMs }: Times) => ({
  ageMs: ageMs?.value,
  ageCertainty: ageMs?.certainty,
  spanMs: spanMs?.value,
  etaMs: etaMs?.value,
  runwayMs: runwayMs?.value,
  age: measuredText(ageMs, '≤'),
  span: measuredText(spanMs, '≤'),
  eta: measuredText(etaMs, '≤'),
  runway: measuredText(runwayMs, '≥'),
})

/** `bound` stands before what is not exact but bounded, `~` before an estimate. */
export function measuredText(measured: Measured | null, bound: '≤' | '≥'): string | null {
  if (measured === null) return null
  const mark = { exact: '', bounded: bound, estimated: '~' }[measured.certainty]
  return mark + durationText(measured.value)
}

/** What makes the lag of a partition special. */
function lagNote(
  position: Pick<PartitionLag, 'reason' | 'committed' | 'start' | 'end' | 'lag' | 'records' | 'error' | 'recordError'>,
): string | null {
  const { lag, records, error, recordError } = position
  if (error !== null) return error.message
  if (recordError !== null) return recordError.message
  const note = noteOf(position)
  if (note !== null || lag === null || lag === 0 || records?.certainty !== 'exact' || records.value === lag) return note
  return records.value === 0 ? 'no records left to read: markers or holes' : `${numberText(records.value)} of them are records`
}
