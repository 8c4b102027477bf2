/**
 * Ends a read that cannot come to its end because the cluster is gone. The client tries for ever; a bounded command
 * must not.
 */
import { createAdmin, type Kafka } from '@tidemark/client'
import { TidemarkError } from '@tidemark/platform'

const CHECK_EVERY_MS = 1_000
/** How long a cluster may be away: long enough for a broker that is restarted. */
const AWAY_MS = 10_000

export interface Watchdog extends Disposable {
  /** A record arrived: the cluster is there. */
  sawRecord(): void
}

/** While no record arrives, the topic is looked up; `onGone` gets the error of a look-up that failed for 10 s. */
export function watchCluster(kafka: Kafka, topic: string, onGone: (error: TidemarkError) => void): Watchdog {
  let seen = false
  let isAsking = false
  const ask = async (): Promise<void> => {
    try {
      await createAdmin(kafka).topics.describe(topic, { timeoutMs: AWAY_MS })
    } catch (error) {
      if (!(error instanceof TidemarkError)) throw error
      if (error.code !== 'CLOSED') onGone(error)
    } finally {
      isAsking = false
    }
  }
  const timer = setInterval(() => {
    if (!seen && !isAsking) {
      isAsking = true
      void ask()
    }
    seen = false
  }, CHECK_EVERY_MS)
  return {
    sawRecord: () => {
      seen = true
    },
    [Symbol.dispose]: () => clearInterval(timer),
  }
}
