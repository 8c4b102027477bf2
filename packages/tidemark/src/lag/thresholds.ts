/** `--fail-over`: limits on a lag in messages (`1000`) or in time (`5m`), and which groups are beyond them. */

import { durationText, type GroupLag } from '@tidemark/offsets'
import { numberText } from '@tidemark/platform'
import { durationMs } from '@tidemark/platform/duration'
import { usage } from '../exit.ts'

export interface Thresholds {
  readonly messages: number | undefined
  readonly ageMs: number | undefined
}

/** Each kind once at most. */
export function thresholdsOf(texts: readonly string[] = []): Thresholds {
  const found: { messages: number | undefined; ageMs: number | undefined } = { messages: undefined, ageMs: undefined }
  for (const text of texts) {
    const kind = /^\d+$/.test(text) ? 'messages' : 'ageMs'
    const value = kind === 'messages' ? Number(text) : durationMs(text)
    if (value === undefined) throw usage(`--fail-over is '${text}'; write a number of messages (1000), or a duration (90s, 5m, 2h)`)
    if (found[kind] !== undefined) throw usage(`--fail-over is given twice ${kind === 'messages' ? 'in messages' : 'in time'}`)
    found[kind] = value
  }
  return found
}

/** One sentence for each group that is beyond a limit. A group that cannot be measured is beyond every one. */
export function exceeded(groups: readonly GroupLag[], { messages, ageMs }: Thresholds): string[] {
  if (messages === undefined && ageMs === undefined) return []
  return groups.flatMap(({ group, lag, ageMs: age, error, partitions }) => {
    const found: string[] = []
    if (error !== null) found.push(`group ${group} cannot be measured: ${error.message}`)
    const unread = partitions.filter((it) => it.error !== null)
    if (unread.length > 0)
      found.push(`group ${group} cannot be measured in ${unread[0]!.topic}-${unread[0]!.partition}: ${unread[0]!.error!.message}`)
    if (messages !== undefined && lag !== null && lag > messages)
      found.push(`group ${group}: lag ${numberText(lag)} is over ${numberText(messages)}`)
    const unseen = ageMs === undefined ? undefined : partitions.find((it) => it.recordError !== null)
    if (unseen !== undefined) found.push(`group ${group}: the age of its next record is not known: ${unseen.recordError!.message}`)
    if (ageMs !== undefined && age !== null && age.value > ageMs) {
      found.push(`group ${group}: its next record is ${durationText(age.value)} old, over ${durationText(ageMs)}`)
    }
    return found
  })
}
