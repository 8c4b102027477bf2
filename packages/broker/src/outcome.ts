/** What a client is told about one thing that it asked to change: Kafka's error code, and a message. */
import type { Now } from '@tidemark/platform'
import { ErrorCode } from '@tidemark/protocol'
import { storageCode } from './failure.ts'
import { after, attempt } from './now.ts'

export interface Outcome {
  readonly errorCode: number
  readonly errorMessage: string | null
}

export const DONE: Outcome = { errorCode: ErrorCode.NONE, errorMessage: null }

/** The outcome of a write: done once a crash cannot take it back; or why the storage refuses it. */
export const outcomeOf = (write: () => Now<unknown>): Now<Outcome> =>
  attempt<Outcome>(
    () => after(write(), () => DONE),
    (error) => ({ errorCode: storageCode(error), errorMessage: (error as Error).message }),
  )
