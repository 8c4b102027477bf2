import type { GroupView } from '../../../src/shapes.ts'
import { plural } from '../format.ts'
import { toneOf } from '../groups/list.tsx'
import { Action, Chip, Live } from '../parts/parts.tsx'
import { useInfo } from '../state/info.ts'
import { groupPath, navigate } from '../state/router.ts'
import type { LiveGroup } from './live-group.ts'

/** Partitions whose next record failed and is tried again. */
const heldBack = ({ partitions }: GroupView): number =>
  partitions.filter((p) => p.retries.some((r) => r.offset === p.committed && r.attempts > 0)).length

export function GroupHead({ group, live, canMove }: { group: string; live: LiveGroup; canMove: boolean }) {
  const info = useInfo()
  const { lag, connection, failure } = live
  const held = lag === undefined ? 0 : heldBack(lag)
  return (
    <div className="top">
      <h1>{group}</h1>
      {lag !== undefined && (
        <>
          <Chip tone={toneOf(lag.state)}>{lag.state}</Chip>
          <Chip>{lag.protocol === null || lag.protocol === '' ? lag.kind : `${lag.kind} · ${lag.protocol}`}</Chip>
          {held > 0 && <Chip tone="warn">{plural(held, 'partition')} held back</Chip>}
        </>
      )}
      <span className="crumb">on {info?.clusterName}</span>
      {canMove && lag !== undefined && (
        <Action small why={info?.readOnly ? 'this console is read-only' : null} onPress={() => navigate(groupPath(group, 'move'))}>
          Move
        </Action>
      )}
      <Live connection={connection} failure={failure} />
    </div>
  )
}
