/** The rows and columns of `group describe`. */
import { readCompletionMap } from '@tidemark/consumer'
import type { GroupPosition, Owner } from '@tidemark/offsets'
import type { Row } from './print.ts'

export type DescribedPosition = GroupPosition & { readonly doneAhead: number }

/** Columns that most groups do not need appear where a row has something to say there. */
export function columnsFor(rows: readonly DescribedPosition[]): Record<string, string> {
  return {
    topic: 'TOPIC',
    partition: 'PARTITION',
    committed: 'COMMITTED',
    end: 'END',
    lag: 'LAG',
    ...(rows.some((r) => r.doneAhead > 0) && { doneAhead: 'DONE AHEAD' }),
    owner: 'OWNER',
    ...(rows.some((r) => r.error !== null) && { error: 'ERROR' }),
  }
}

/** Records above the committed offset that its completion map calls done. */
export function doneAhead({ committed, metadata }: GroupPosition): number {
  const map = metadata === null ? undefined : readCompletionMap(metadata)
  return map === undefined || map.base !== committed ? 0 : map.top - map.base - map.open.length
}

/** Client id and host; the member id too where other members have both in common. */
function ownerText({ memberId, clientId, host }: Owner, members: readonly Owner[]): string {
  // Java's brokers print an address as `/10.0.0.1`.
  const text = `${clientId} ${host.replace(/^\//, '')}`
  const isAmbiguous = members.filter((m) => m.clientId === clientId && m.host === host).length > 1
  return isAmbiguous ? `${text} ${memberId}` : text
}

export const rowOf = (position: DescribedPosition, members: readonly Owner[]): Row => ({
  ...position,
  owner: position.owner && ownerText(position.owner, members),
  error: position.error?.message,
})
