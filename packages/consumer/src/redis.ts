/**
 * Locks and ids in Redis, with the user's own `ioredis`.
 *
 * ```ts
 * import { createLock, redisIds } from '@tidemark/consumer/redis'
 * const lock = createLock(redis)
 * await lock.run(`order:${id}`, async ({ fence, signal }) => {
 *   await fetch(url, { method: 'PUT', headers: { 'If-Fence-Above': String(fence) }, body, signal })
 * })
 * ```
 */
import { checkOptions, describe, nameOption, nodeClock, nodeRandom, type OptionNames, TidemarkError } from '@tidemark/platform'
import type { RedisClient } from './drivers/redis.ts'
import type { IdStore } from './ids/idempotent.ts'
import { RedisIds } from './ids/redis.ts'
import { LeasedLock, LOCK_OPTIONS, type Lock, type LockOptions, lockOptions } from './locks/lock.ts'
import { RedisLocks } from './locks/redis.ts'

export type { RedisClient } from './drivers/redis.ts'
export type { IdState, IdStore } from './ids/idempotent.ts'
export type { AcquireOptions, HeldLock, Lock, LockOptions } from './locks/lock.ts'

export interface RedisOptions {
  /** The beginning of every key. Default: `'tidemark'`. */
  readonly prefix?: string
}

const REDIS_OPTIONS: OptionNames<RedisOptions> = { prefix: true }

/** Throws `TidemarkError` INVALID_OPTION, INVALID_ARGUMENT. */
export function createLock(redis: RedisClient, options: LockOptions & RedisOptions = {}): Lock {
  checkOptions<LockOptions & RedisOptions>('createLock()', options, { ...LOCK_OPTIONS, ...REDIS_OPTIONS })
  const { prefix, ...limits } = options
  return new LeasedLock(new RedisLocks(checkRedis('createLock()', redis), prefixOf(prefix)), lockOptions(limits), nodeClock, nodeRandom)
}

/** For `idempotent`. Throws `TidemarkError` INVALID_OPTION, INVALID_ARGUMENT. */
export function redisIds(redis: RedisClient, options: RedisOptions = {}): IdStore {
  checkOptions<RedisOptions>('redisIds()', options, REDIS_OPTIONS)
  return new RedisIds(checkRedis('redisIds()', redis), prefixOf(options.prefix))
}

const prefixOf = (prefix: string | undefined): string => (prefix === undefined ? 'tidemark' : nameOption('prefix', prefix))

function checkRedis(call: string, redis: RedisClient): RedisClient {
  if (typeof redis?.eval === 'function') return redis
  throw new TidemarkError('INVALID_ARGUMENT', `the client of ${call} is ${describe(redis)}; it must be a client of ioredis`)
}
