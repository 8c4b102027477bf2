/** Dead letters whose writes a test answers one by one. */
import type { Message, SendResult } from '@tidemark/client'
import { TidemarkError, type TidemarkErrorCode } from '@tidemark/platform'
import type { DeadLetterFailure } from '../work/dead-letter.ts'
import type { LettersOutcome } from '../work/dead-letters.ts'
import type { WorkListener } from '../work/work.ts'
import { turn } from './scripted-cluster.case.ts'

export interface LetterWrite {
  readonly offsets: readonly number[]
  readonly failure: DeadLetterFailure
  written(): Promise<void>
  /** The first `count` are written, and the next one is not. */
  fails(code: TidemarkErrorCode, count?: number): Promise<void>
}

export function scriptedLetters(told: string[]) {
  const writes: LetterWrite[] = []
  const listener: Pick<WorkListener, 'writeLetters' | 'deadLettered' | 'lettersFailed'> = {
    writeLetters: (_policy, _claim, messages, failure) =>
      new Promise<LettersOutcome>((resolve) => {
        const settle = async (count: number, error: TidemarkError | undefined): Promise<void> => {
          resolve({ written: messages.slice(0, count).map((message) => ({ message, to: toOf(message) })), error })
          await turn()
        }
        writes.push({
          offsets: messages.map((m) => m.offset),
          failure,
          written: () => settle(messages.length, undefined),
          fails: (code, count = 0) =>
            settle(count, new TidemarkError('DEAD_LETTER_FAILED', 'no', { cause: new TidemarkError(code, 'no') })),
        })
      }),
    deadLettered: (_, offset, _to, { cause }) => void told.push(`dead letter ${offset}: ${cause}`),
    lettersFailed: (_, offset, _to, tries, delayMs) => void told.push(`no dead letter ${offset}, try ${tries}, again in ${delayMs}`),
  }
  return { writes, listener }
}

const toOf = ({ offset }: Message): SendResult => ({ topic: 'dead', partition: 0, offset, timestampMs: 0 }) as SendResult
