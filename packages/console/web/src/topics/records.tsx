import { type FormEvent, useState } from 'react'
import type { RecordsPage, ShownRecord } from '../../../src/shapes.ts'
import { count } from '../format.ts'
import { Action, Failure, Panel } from '../parts/parts.tsx'
import { useLoaded } from '../state/api.ts'
import { useEvents } from '../state/live.ts'
import { useQueryValue } from '../state/router.ts'
import { RecordTable } from './record-table.tsx'

type TailEvent = { kind: 'record'; record: ShownRecord } | { kind: 'failed'; code: string; message: string }
/** Records of a live tail that are kept; older ones go. */
const TAIL_MAX = 300

/** Jump to an offset or a time, filter, follow. */
export function Records({ topic, partitions }: { topic: string; partitions: number }) {
  const [from, setFrom] = useQueryValue('from')
  const [partition, setPartition] = useQueryValue('partition')
  const [filter, setFilter] = useQueryValue('filter')
  const [typed, setTyped] = useState(filter ?? '')
  const [isTailing, setTailing] = useState(false)
  const [tail, setTail] = useState<readonly ShownRecord[]>([])
  const [failure, setFailure] = useState<{ code: string; message: string }>()
  const query = new URLSearchParams()
  if (partition !== null) query.set('partition', partition)
  if (filter !== null) query.set('filter', filter)
  const base = `/api/topics/${encodeURIComponent(topic)}`
  const connection = useEvents<TailEvent>(
    isTailing ? `${base}/tail?${query}` : null,
    (event) => {
      if (event.kind === 'failed') setFailure(event)
      else setTail((old) => [event.record, ...old].slice(0, TAIL_MAX))
    },
    { whileHidden: true },
  )
  query.set('from', from ?? 'end')
  const page = useLoaded<RecordsPage>(isTailing ? null : `${base}/records?${query}`)
  const search = (event: FormEvent): void => {
    event.preventDefault()
    setFilter(typed === '' ? null : typed)
  }
  const follow = (): void => {
    setTail([])
    setFailure(undefined)
    setTailing(!isTailing)
  }
  const next = page.data?.next
  return (
    <Panel
      title="Records"
      header={
        <span className="dim small" role="status">
          {isTailing
            ? `${connection === 'full' ? 'as many pages are live as the console takes; close another one' : connection === 'live' ? 'live' : 'connecting'}: ${count(tail.length)} so far`
            : page.data && `${count(page.data.records.length)} shown${filter === null ? '' : ` of ${count(page.data.examined)} looked at`}`}
        </span>
      }
    >
      <form className="fields" onSubmit={search}>
        <label className="field">
          Partition
          <select value={partition ?? ''} onChange={(e) => setPartition(e.target.value === '' ? null : e.target.value)}>
            <option value="">all {partitions}</option>
            {Array.from({ length: partitions }, (_, i) => (
              <option key={i}>{i}</option>
            ))}
          </select>
        </label>
        <Jump value={from} onChange={setFrom} />
        <label className="field">
          Filter
          <input type="search" value={typed} onChange={(e) => setTyped(e.target.value)} placeholder="in key, value, headers" />
        </label>
        <button type="submit" className="quiet">
          Search
        </button>
        <Action onPress={follow}>{isTailing ? 'Stop following' : 'Follow live'}</Action>
      </form>
      {page.error !== undefined && !isTailing && <Failure error={page.error} />}
      {failure !== undefined && <Failure error={failure} />}
      <RecordTable records={isTailing ? tail : (page.data?.records ?? [])} />
      {!isTailing && page.data?.records.length === 0 && (
        <p className="empty">{filter === null ? 'There are no records here.' : 'No record matches.'}</p>
      )}
      {!isTailing && next != null && (
        <div className="act">
          <Action
            onPress={() =>
              setFrom(
                `next:${Object.entries(next)
                  .map(([p, offset]) => `${p}=${offset}`)
                  .join(',')}`,
              )
            }
          >
            Next page
          </Action>
        </div>
      )}
    </Panel>
  )
}

/** A time in the form that the input of the browser has, in its zone. */
const localTime = (atMs: number): string => {
  const at = new Date(atMs)
  return new Date(atMs - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 19)
}

function Jump({ value, onChange }: { value: string | null; onChange(value: string | null): void }) {
  const [kind, rest] = (value ?? 'end').split(':', 2) as [string, string | undefined]
  const choose = (next: string): void => {
    if (next === 'offset') onChange('offset:0')
    else if (next === 'time') onChange(`time:${Date.now() - 3_600_000}`)
    else onChange(next === 'end' ? null : next)
  }
  return (
    <>
      <label className="field">
        Begin at
        <select value={kind} onChange={(e) => choose(e.target.value)}>
          <option value="end">the last records</option>
          <option value="start">the start</option>
          <option value="offset">an offset</option>
          <option value="time">a time</option>
          {kind === 'next' && <option value="next">the next page</option>}
        </select>
      </label>
      {kind === 'offset' && (
        <label className="field">
          Offset
          <input
            type="number"
            min={0}
            value={rest}
            onChange={(e) => onChange(`offset:${Math.max(0, Math.trunc(Number(e.target.value)))}`)}
          />
        </label>
      )}
      {kind === 'time' && (
        <label className="field">
          Time, in the zone of this browser
          <input
            type="datetime-local"
            step={1}
            value={localTime(Number(rest))}
            onChange={(e) => e.target.value !== '' && onChange(`time:${new Date(e.target.value).getTime()}`)}
          />
        </label>
      )}
    </>
  )
}
