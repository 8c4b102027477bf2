/**
 * Locks in Redis: a key with a time to live for each lock that is held, and one number for all of them.
 *
 * The number is the greater of the last one plus one and the server's time in microseconds, so that it grows even if
 * Redis loses what it has. The keys share a hash tag: in a cluster they are in one slot, as a script needs them.
 */
import { evaluated, type RedisClient } from '../drivers/redis.ts'
import type { LockBackend } from './lock.ts'

/** Asked again with the same token, it answers as if for the first time: an answer may have been lost. */
const ACQUIRE = `
local holder = redis.call('get', KEYS[1])
if holder and holder ~= ARGV[1] then return false end
local time = redis.call('time')
local fence = math.max(tonumber(redis.call('get', KEYS[2]) or '0') + 1, time[1] * 1000000 + time[2])
local text = string.format('%.0f', fence)
redis.call('set', KEYS[2], text)
redis.call('set', KEYS[1], ARGV[1], 'PX', ARGV[2])
return text`
const RENEW = `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('pexpire', KEYS[1], ARGV[2]) end return 0`
const RELEASE = `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0`

export class RedisLocks implements LockBackend {
  readonly name = 'Redis'
  readonly #redis: RedisClient
  readonly #prefix: string

  constructor(redis: RedisClient, prefix: string) {
    this.#redis = redis
    this.#prefix = `{${prefix}}:`
  }

  async acquire(name: string, token: string, ttlMs: number): Promise<number | undefined> {
    const fence = await evaluated(this.#redis, 'take a lock', ACQUIRE, [this.#keyOf(name), `${this.#prefix}fence`], [token, ttlMs])
    return fence === null ? undefined : Number(fence)
  }

  async renew(name: string, token: string, ttlMs: number): Promise<boolean> {
    return (await evaluated(this.#redis, 'renew a lock', RENEW, [this.#keyOf(name)], [token, ttlMs])) === 1
  }

  async release(name: string, token: string): Promise<void> {
    await evaluated(this.#redis, 'release a lock', RELEASE, [this.#keyOf(name)], [token])
  }

  #keyOf(name: string): string {
    return `${this.#prefix}lock:${name}`
  }
}
