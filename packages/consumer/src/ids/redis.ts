/** Ids in Redis: a key each, which expires by itself. */
import { evaluated, type RedisClient } from '../drivers/redis.ts'
import type { IdState, IdStore } from './idempotent.ts'

/** A value is 'done', or the token of the holder. */
const BEGIN = `
local known = redis.call('get', KEYS[1])
if known == 'done' then return 'done' end
if known and known ~= ARGV[1] then return redis.call('pttl', KEYS[1]) end
redis.call('set', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 'new'`
const RENEW = `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('pexpire', KEYS[1], ARGV[2]) end return 0`
const FINISH = `if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end redis.call('set', KEYS[1], 'done', 'PX', ARGV[2]) return 1`
const FORGET = `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0`

export class RedisIds implements IdStore {
  readonly #redis: RedisClient
  readonly #prefix: string

  constructor(redis: RedisClient, prefix: string) {
    this.#redis = redis
    this.#prefix = `${prefix}:id:`
  }

  async begin(id: string, token: string, leaseMs: number): Promise<IdState> {
    const state = await this.#eval('take an id', BEGIN, id, token, leaseMs)
    return state === 'new' || state === 'done' ? { kind: state } : { kind: 'in progress', leftMs: Number(state) }
  }

  async renew(id: string, token: string, leaseMs: number): Promise<boolean> {
    return (await this.#eval('renew an id', RENEW, id, token, leaseMs)) === 1
  }

  async finish(id: string, token: string, ttlMs: number): Promise<boolean> {
    return (await this.#eval('mark an id as done', FINISH, id, token, ttlMs)) === 1
  }

  async forget(id: string, token: string): Promise<void> {
    await this.#eval('forget an id', FORGET, id, token)
  }

  #eval(what: string, script: string, id: string, ...values: (string | number)[]): Promise<unknown> {
    return evaluated(this.#redis, what, script, [`${this.#prefix}${id}`], values)
  }
}
