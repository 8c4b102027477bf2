import { useMemo, useState } from 'react'
import type { FindingCounts, GroupRow, LiveEvent } from '../../../src/shapes.ts'
import { count, plural } from '../format.ts'
import { GroupList } from '../groups/list.tsx'
import { applyChanges, isSortKey, type SortKey, sorted } from '../groups/rows.ts'
import { CommandLine } from '../parts/command.tsx'
import { Failure, Live } from '../parts/parts.tsx'
import { useLoaded } from '../state/api.ts'
import { clusterFlags, useInfo } from '../state/info.ts'
import { useEvents } from '../state/live.ts'
import { useQueryValue } from '../state/router.ts'

const FINDINGS_AGAIN_MS = 120_000

type Failed = Extract<LiveEvent, { kind: 'failed' }>

/** Every group of the cluster, the worst first. */
export function GroupsPage() {
  const info = useInfo()
  const [rows, setRows] = useState<ReadonlyMap<string, GroupRow>>()
  const [failure, setFailure] = useState<Failed>()
  const connection = useEvents<LiveEvent>('/api/live', (event) => {
    if (event.kind === 'failed') return setFailure(event)
    setFailure(undefined)
    if (event.kind === 'groups') setRows((old) => applyChanges(old, event))
  })
  const [search, setSearch] = useQueryValue('q')
  const [state, setState] = useQueryValue('state')
  const [kind, setKind] = useQueryValue('kind')
  const [onlyOpen, setOnlyOpen] = useQueryValue('open')
  const [sortText, setSort] = useQueryValue('sort')
  const sort: SortKey = isSortKey(sortText) ? sortText : 'worst'
  const findings = useLoaded<Readonly<Record<string, FindingCounts>>>(rows === undefined ? null : '/api/doctor/counts', FINDINGS_AGAIN_MS)
  const counts = findings.data
  const all = useMemo(() => [...(rows?.values() ?? [])], [rows])
  const shown = useMemo(() => {
    const wanted = (search ?? '').toLowerCase()
    const isWanted = (row: GroupRow): boolean =>
      (wanted === '' || row.group.toLowerCase().includes(wanted) || row.topics.some((t) => t.toLowerCase().includes(wanted))) &&
      (state === null || row.state === state) &&
      (kind === null || row.kind === kind) &&
      (onlyOpen === null || (row.open ?? 0) > 0)
    const hasError = (group: string): boolean => counts !== undefined && Object.hasOwn(counts, group) && counts[group]!.errors > 0
    return sorted(all.filter(isWanted), sort, hasError)
  }, [all, search, state, kind, onlyOpen, sort, counts])
  return (
    <>
      <div className="top">
        <h1>Groups</h1>
        <span className="crumb" role="status">
          {rows === undefined
            ? 'loading…'
            : shown.length === all.length
              ? plural(all.length, 'group')
              : `${count(shown.length)} of ${plural(all.length, 'group')}`}
        </span>
        <Live connection={connection} failure={failure} />
      </div>
      {failure !== undefined && <Failure error={failure} />}
      <section className="panel" aria-label="Groups of the cluster">
        <div className="fields">
          <label className="field">
            Group or topic
            <input type="search" value={search ?? ''} onChange={(e) => setSearch(e.target.value)} placeholder="part of a name" />
          </label>
          <Pick label="State" value={state} from={all.map((r) => r.state)} onChange={setState} />
          <Pick label="Kind" value={kind} from={all.map((r) => r.kind)} onChange={setKind} />
          <label className="small">
            <input type="checkbox" checked={onlyOpen !== null} onChange={(e) => setOnlyOpen(e.target.checked ? '1' : null)} /> only with
            open records
          </label>
        </div>
        <GroupList rows={shown} findings={counts} sort={sort} onSort={(key) => setSort(key === 'worst' ? null : key)} />
        {rows !== undefined && shown.length === 0 && (
          <p className="empty">
            {all.length > 0
              ? 'No group matches; change the search or the filters.'
              : 'There are no groups, or none that this user may see. A group exists from its first commit, or its first member, on.'}
          </p>
        )}
      </section>
      <div className="foot">
        <CommandLine command={`tidemark lag --watch${clusterFlags(info)}`} />
      </div>
    </>
  )
}

function Pick(props: { label: string; value: string | null; from: readonly string[]; onChange(value: string | null): void }) {
  const choices = [...new Set(props.value === null ? props.from : [...props.from, props.value])].filter((v) => v !== '').sort()
  return (
    <label className="field">
      {props.label}
      <select value={props.value ?? ''} onChange={(e) => props.onChange(e.target.value === '' ? null : e.target.value)}>
        <option value="">any</option>
        {choices.map((choice) => (
          <option key={choice}>{choice}</option>
        ))}
      </select>
    </label>
  )
}
