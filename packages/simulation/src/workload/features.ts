/** Which options the consumer of this build has, beyond those that it always had. */
import { createKafka } from '@tidemark/client'
import { createConsumer } from '@tidemark/consumer'
import { TidemarkError } from '@tidemark/platform'

const TO_COME: readonly string[] = [
  'startAt',
  'commit.completionMap',
  'commit.timeoutMs',
  'isolation',
  'fetchBytesMax',
  'partitionBytesMax',
  'fetchWaitMaxMs',
  'fetchBytesMin',
  'rack',
  'startTimeoutMs',
]

/** A consumer that refuses an option that it does not know has all of them. */
export const FEATURES: ReadonlySet<string> = new Set(refusesUnknownOptions() ? TO_COME : [])

function refusesUnknownOptions(): boolean {
  try {
    createConsumer(createKafka({ brokers: ['127.0.0.1:1'] }), { group: 'g', unknownOption: true } as never)
    return false
  } catch (error) {
    if (error instanceof TidemarkError && error.code === 'INVALID_OPTION') return true
    throw error
  }
}
