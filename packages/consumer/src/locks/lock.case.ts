/** The contract of a place where locks are kept. A case throws what is wrong. */
import assert from 'node:assert/strict'
import type { LockBackend } from './lock.ts'

const LONG_MS = 60_000

/** Looks until the lock is free, and takes it for `token`. */
async function untilFree(backend: LockBackend, name: string, token: string): Promise<number> {
  for (;;) {
    const fence = await backend.acquire(name, token, LONG_MS)
    if (fence !== undefined) return fence
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

export const lockCases: Readonly<Record<string, (backend: LockBackend) => Promise<void>>> = {
  'is one holder only': async (backend) => {
    assert.ok((await backend.acquire('one', 'a', LONG_MS))! > 0)
    assert.equal(await backend.acquire('one', 'b', LONG_MS), undefined)
    assert.ok((await backend.acquire('other', 'b', LONG_MS))! > 0)
  },
  'the number grows with every acquisition, also after the lock was let go': async (backend) => {
    const numbers: number[] = []
    for (let i = 0; i < 20; i++) {
      numbers.push((await backend.acquire('grows', `t${i}`, LONG_MS))!)
      await backend.release('grows', `t${i}`)
    }
    assert.deepEqual(
      numbers,
      [...new Set(numbers)].sort((x, y) => x - y),
    )
  },
  'asked again with the same token it is the holder, as if for the first time': async (backend) => {
    const first = await backend.acquire('again', 'a', LONG_MS)
    assert.ok((await backend.acquire('again', 'a', LONG_MS))! > first!)
  },
  'expires, and the next holder has a greater number': async (backend) => {
    const first = await backend.acquire('expires', 'a', 500)
    assert.equal(await backend.acquire('expires', 'b', LONG_MS), undefined)
    assert.ok((await untilFree(backend, 'expires', 'b')) > first!)
    assert.equal(await backend.renew('expires', 'a', LONG_MS), false)
  },
  'is renewed': async (backend) => {
    for (const name of ['renewed', 'witness']) await backend.acquire(name, 'a', 500)
    assert.equal(await backend.renew('renewed', 'a', LONG_MS), true)
    await untilFree(backend, 'witness', 'b')
    assert.equal(await backend.acquire('renewed', 'b', LONG_MS), undefined)
  },
  'only the holder can let go of it': async (backend) => {
    await backend.acquire('own', 'a', LONG_MS)
    await backend.release('own', 'b')
    assert.equal(await backend.acquire('own', 'b', LONG_MS), undefined)
    await backend.release('own', 'a')
    assert.ok((await backend.acquire('own', 'b', LONG_MS))! > 0)
  },
  'of many that want it at once, one gets it': async (backend) => {
    const all = await Promise.all(Array.from({ length: 16 }, (_, i) => backend.acquire('many', `t${i}`, LONG_MS)))
    assert.equal(all.filter((fence) => fence !== undefined).length, 1)
  },
}
