/** The rows and columns of `group describe` and `offsets show`. */

import type { GroupPosition, Owner } from '@tidemark/offsets'
import { counted, numberText } from '@tidemark/platform'
import type { Row } from './table.ts'

/** A broker with ACLs leaves out what a user may not see, and does not say so. */
export const NO_GROUPS = 'there are no groups, or none that you may see; begin one with: tidemark consume TOPIC --group NAME'

/** What CSV prints of a position. */
export const POSITION_FIELDS = [
  'topic',
  'partition',
  'committed',
  'leaderEpoch',
  'start',
  'stable',
  'end',
  'lag',
  'doneAbove',
  'open',
  'reason',
  'memberId',
  'clientId',
  'host',
  'error',
  'metadata',
] as const

/** Columns that most groups do not need appear where a row has something to say there. */
export function positionColumns(positions: readonly GroupPosition[]): Record<string, string> {
  return {
    topic: 'TOPIC',
    partition: 'PARTITION',
    committed: 'COMMITTED',
    end: 'END',
    lag: 'LAG',
    ...(positions.some((p) => p.doneAbove > 0) && { doneAbove: 'DONE ABOVE', open: 'OPEN' }),
    owner: 'OWNER',
    ...(positions.some((p) => p.reason !== null && p.error === null) && { note: 'NOTE' }),
    ...(positions.some((p) => p.error !== null) && { error: 'ERROR' }),
  }
}

export function positionRows(positions: readonly GroupPosition[], members: readonly Owner[]): Row[] {
  return positions.map(({ owner, error, ...position }) => ({
    ...position,
    memberId: owner?.memberId,
    clientId: owner?.clientId,
    host: owner?.host,
    owner: owner && ownerText(owner, members),
    note: noteOf(position),
    error: error?.message,
  }))
}

/** Why a lag is special, in words. */
export function noteOf({ reason, committed, start, end }: Pick<GroupPosition, 'reason' | 'committed' | 'start' | 'end'>): string | null {
  if (reason === 'below-start')
    return `${counted(start! - committed!, 'record')} ${start! - committed! === 1 ? 'was' : 'were'} deleted unread`
  if (reason === 'beyond-end') return `committed ${numberText(committed! - end!)} beyond the end`
  return reason === 'nothing-committed' ? 'nothing is committed' : null
}

/** Client id and host; the member id too where other members have both in common. */
export function ownerText({ memberId, clientId, host }: Owner, members: readonly Owner[]): string {
  // Java's brokers print an address as `/10.0.0.1`.
  const text = `${clientId} ${host.replace(/^\//, '')}`
  const isAmbiguous = members.filter((m) => m.clientId === clientId && m.host === host).length > 1
  return isAmbiguous ? `${text} ${memberId}` : text
}
