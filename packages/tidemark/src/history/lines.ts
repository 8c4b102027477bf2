/** Events of commits as they are printed: a line each, as they come. */
import type { CommitEvent } from '@tidemark/offsets'
import { csvText, type Output } from '../print/print.ts'
import { plain, type Row } from '../print/table.ts'

export const EVENT_FIELDS = [
  ...['at', 'group', 'topic', 'partition', 'from', 'to', 'kind', 'jump'],
  ...['memberId', 'clientId', 'host', 'leaderEpoch', 'metadata'],
] as const

export const eventRow = ({ member, atMs, ...event }: CommitEvent): Row => ({
  at: new Date(atMs).toISOString(),
  ...event,
  memberId: member?.memberId,
  clientId: member?.clientId,
  host: member?.host,
})

/** JSON, and YAML, have an object a line; CSV has the names of its fields first. */
export function eventText(event: CommitEvent, output: Output, isFirst: boolean): string {
  switch (output) {
    case 'table':
      return `${plain(eventLine(event))}\n`
    case 'json':
      return `${JSON.stringify(event)}\n`
    case 'yaml':
      return `- ${JSON.stringify(event)}\n`
    case 'csv':
      return csvText([eventRow(event)], EVENT_FIELDS, { isFirst })
  }
}

function eventLine(event: CommitEvent): string {
  const { atMs, group, topic, partition, from, to, jump } = event
  const step = from === null || to === null ? '' : ` (${to >= from ? '+' : ''}${to - from})`
  const flag = jump === null ? '' : ` ${jump === 'back' ? 'BACK' : 'TO THE END'}`
  return `${new Date(atMs).toISOString()}  ${group}  ${topic}-${partition}  ${from ?? '-'} → ${to ?? '-'}${step}  ${whoText(event)}${flag}`
}

/** `member billing 10.0.0.1`, `outside`, … */
export function whoText({ kind, member }: Pick<CommitEvent, 'kind' | 'member'>): string {
  return member === null ? kind : `${kind} ${member.clientId} ${member.host.replace(/^\//, '')}`
}
