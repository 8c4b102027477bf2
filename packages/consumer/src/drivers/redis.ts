/** The client `ioredis`: everything is a script, which Redis runs as one step. */
import { failed, unavailable } from './errors.ts'

/** What is used of a client of `ioredis`. */
export interface RedisClient {
  eval(script: string, keys: number, ...values: any[]): Promise<any>
}

/** Replies that say that the server cannot do it now. */
const PASSING_REPLY = /^(LOADING|READONLY|CLUSTERDOWN|TRYAGAIN|MASTERDOWN|BUSY|NOREPLICAS|MISCONF)/

/** The result of a script; errors get our names. */
export async function evaluated(
  redis: RedisClient,
  what: string,
  script: string,
  keys: readonly string[],
  values: readonly (string | number)[],
): Promise<unknown> {
  try {
    return await redis.eval(script, keys.length, ...keys, ...values)
  } catch (error) {
    const isReply = (error as Error | null)?.name === 'ReplyError'
    throw isReply && !PASSING_REPLY.test((error as Error).message) ? failed('Redis', what, error) : unavailable('Redis', what, error)
  }
}
