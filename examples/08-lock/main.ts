/**
 * The same message twice, where the effect has no transaction: a lock, and why it is not enough without a number. A
 * holder sleeps through the end of its lock; another one takes it and writes; then the first wakes up and writes too.
 */
import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createLock } from '@tidemark/consumer/postgres'
import pg from 'pg'
import { startDatabase } from '../database.ts'

/** What the lock protects: a file, a device, somebody else's service. It remembers the highest number it has seen. */
class Shelf {
  value = 'empty'
  highest = 0

  write(value: string, fence: number): string {
    if (fence < this.highest) return `refused: ${fence} is older than ${this.highest}` // the lesson: the number decides
    this.highest = fence
    this.value = value
    return 'written'
  }
}

const LOCK = { ttlMs: 2_000 }

if (process.send !== undefined) {
  // Takes the lock, and then stands still, as in a long pause of the garbage collector or a suspended machine.
  const pool = new pg.Pool({ connectionString: process.argv[2]! })
  const held = await createLock(pool, LOCK).acquire('shelf-17')
  process.send({ kind: 'holds', fence: held.fence })
  await once(process, 'message')
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2 * LOCK.ttlMs)
  process.send({ kind: 'writes', fence: held.fence })
  await held.release()
  await pool.end()
  process.disconnect()
} else {
  await using database = await startDatabase()
  const shelf = new Shelf()

  const sleeper = fork(import.meta.filename, [database.url])
  const [holds] = await once(sleeper, 'message')
  const writes = once(sleeper, 'message')
  sleeper.send('stand still')

  const lock = createLock(database.pool, LOCK)
  await lock.run('shelf-17', async ({ fence }) => {
    assert(fence > holds.fence)
    console.log(`the second holder: ${shelf.write('what the second one put there', fence)}`)
  })
  const [{ fence }] = await writes
  console.log(`the first, awake again: ${shelf.write('what the first one put there', fence).replace(/\d+/g, 'n')}`)
  await once(sleeper, 'exit')

  assert.equal(shelf.value, 'what the second one put there')
}
