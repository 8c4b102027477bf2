/** The contract of a store, one case each: every implementation runs all of them. A case throws what is wrong. */
import assert from 'node:assert/strict'
import type { TidemarkError } from '@tidemark/platform'
import type { Holding, StoredPartition, StoredPosition, TransactionalStore } from './store.ts'

export interface StoreUnderTest<Tx> {
  readonly store: TransactionalStore<Tx>
  /** Writes an effect in the transaction of a handler. */
  write(tx: Tx, value: string): Promise<void>
  /** What stands before the names of the store's tables. */
  readonly prefix: string
  /** Any statement in the transaction of a handler. */
  send(tx: Tx, statement: string): Promise<void>
  /** The effects that are committed, in the order of their values. */
  effects(): Promise<readonly string[]>
  /** How many rows the inbox has. */
  inbox(): Promise<number>
}

type Case = <Tx>(t: StoreUnderTest<Tx>) => Promise<void>

export const PARTITION: StoredPartition = { group: 'billing', topic: 'orders', topicId: 'AAAAAAAAQACAAAAAAAAAKg', partition: 3 }
const at = (offset: number, leaderEpoch = 0): StoredPosition => ({ offset, leaderEpoch })
const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'resolved',
    (error: TidemarkError) => error.code ?? String(error),
  )

async function taken<Tx>({ store }: StoreUnderTest<Tx>, offset = 0): Promise<Holding> {
  const { holding, position } = await store.takeOver(PARTITION, 'a')
  if (position === undefined) await store.begin(holding, at(offset), offset)
  return holding
}

export const storeCases: Readonly<Record<string, Case>> = {
  'a partition that was never seen has no position': async ({ store }) => {
    const { position, done } = await store.takeOver(PARTITION, 'a')
    assert.equal(position, undefined)
    assert.deepEqual(done, [])
  },

  'the effect and the mark are committed together, and a record is given to the work once': async (t) => {
    const holding = await taken(t)
    await t.store.run(holding, [at(0)], (tx) => t.write(tx, 'a'))
    await t.store.run(holding, [at(0)], () => assert.fail('the record was done'))
    assert.deepEqual(await t.effects(), ['a'])
  },

  'a failure of the work rolls everything back, and is what run rejects with': async (t) => {
    const holding = await taken(t)
    const failure = new Error('no')
    const failing = t.store.run(holding, [at(0)], async (tx) => {
      await t.write(tx, 'a')
      throw failure
    })
    await assert.rejects(failing, (error) => error === failure)
    assert.deepEqual(await t.effects(), [])
    await t.store.run(holding, [at(0)], (tx) => t.write(tx, 'b'))
    assert.deepEqual(await t.effects(), ['b'])
  },

  'a handler cannot end the transaction of its record': async (t) => {
    const holding = await taken(t)
    const endings = ['COMMIT', 'begin', 'START TRANSACTION', ' rollback', '-- now\nEND;', '/* a */ /* b */ Commit', 'SELECT 1; COMMIT;']
    for (const statement of endings) {
      const ending = t.store.run(holding, [at(0)], async (tx) => {
        await t.write(tx, 'a')
        await t.send(tx, statement)
      })
      await assert.rejects(ending, /is refused on tx/, statement)
    }
    assert.deepEqual([await t.effects(), await t.inbox()], [[], 0])
  },

  'a savepoint in a handler undoes a part of its work': async (t) => {
    const holding = await taken(t)
    await t.store.run(holding, [at(0)], async (tx) => {
      await t.write(tx, 'a')
      await t.send(tx, 'SAVEPOINT part')
      await t.write(tx, 'b')
      await t.send(tx, 'ROLLBACK TO SAVEPOINT part')
      await t.write(tx, 'c')
    })
    assert.deepEqual(await t.effects(), ['a', 'c'])
  },

  'a connection that a handler has kept is refused once it has ended': async (t) => {
    const holding = await taken(t)
    let kept: unknown
    await t.store.run(holding, [at(0)], (tx) => {
      kept = tx
    })
    const late = async (): Promise<void> => t.write(kept as never, 'late')
    await assert.rejects(late, /the handler has ended/)
    await t.store.run(holding, [at(1)], async (tx) => {
      await t.write(tx, 'a')
      await assert.rejects(late, /the handler has ended/)
    })
    await t.store
      .run(holding, [at(2)], () => {
        throw new Error('no')
      })
      .catch(() => {})
    await assert.rejects(late, /the handler has ended/)
    assert.deepEqual(await t.effects(), ['a'])
  },

  'the member that takes over begins where the holder before stood, with what is done above': async (t) => {
    const holding = await taken(t, 5)
    for (const offset of [5, 6, 8]) await t.store.run(holding, [at(offset, 2)], () => {})
    await t.store.advance(holding, at(7, 2))
    assert.equal(await t.inbox(), 1)
    const { position, done } = await t.store.takeOver(PARTITION, 'b')
    assert.deepEqual(position, at(7, 2))
    assert.deepEqual(done, [at(8, 2)])
  },

  'a holder that was taken over writes nothing: FENCED': async (t) => {
    const old = await taken(t)
    await t.store.run(old, [at(0)], (tx) => t.write(tx, 'a'))
    await t.store.takeOver(PARTITION, 'b')
    assert.equal(await codeOf(t.store.run(old, [at(1)], (tx) => t.write(tx, 'zombie'))), 'FENCED')
    assert.equal(await codeOf(t.store.run(old, [at(0)], (tx) => t.write(tx, 'zombie'))), 'FENCED')
    assert.equal(await codeOf(t.store.advance(old, at(1))), 'FENCED')
    assert.equal(await codeOf(t.store.begin(old, at(9), 9)), 'FENCED')
    const { position, done } = await t.store.takeOver(PARTITION, 'b')
    assert.deepEqual([position, done], [at(0), [at(0)]])
    assert.deepEqual(await t.effects(), ['a'])
  },

  'a takeover waits for the transactions of the holder before': async (t) => {
    const old = await taken(t)
    const [begun, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const order: string[] = []
    const running = t.store.run(old, [at(0)], async (tx) => {
      begun.resolve()
      await go.promise
      await t.write(tx, 'a')
      order.push('written')
    })
    await begun.promise
    const taking = t.store.takeOver(PARTITION, 'b').then((taken) => {
      order.push('taken')
      return taken
    })
    setTimeout(go.resolve, 50)
    const [{ done }] = await Promise.all([taking, running])
    assert.deepEqual(order, ['written', 'taken'])
    assert.deepEqual(done, [at(0)])
  },

  'partitions, groups, and topics of one name with different ids are apart': async (t) => {
    const others = [
      { ...PARTITION, partition: 4 },
      { ...PARTITION, group: 'Billing' },
      { ...PARTITION, topicId: 'AAAAAAAAQACAAAAAAAAAKh' },
    ]
    const holding = await taken(t)
    await t.store.run(holding, [at(0)], (tx) => t.write(tx, 'a'))
    for (const other of others) assert.equal((await t.store.takeOver(other, 'b')).position, undefined)
    await t.store.run(holding, [at(1)], (tx) => t.write(tx, 'b'))
    assert.deepEqual(await t.effects(), ['a', 'b'])
  },

  'of a batch only those records are given to the work that are not done': async (t) => {
    const holding = await taken(t)
    await t.store.run(holding, [at(1)], (tx) => t.write(tx, '1'))
    await t.store.run(holding, [at(0), at(1), at(2)], async (tx, fresh) => {
      for (const { offset } of fresh) await t.write(tx, `${offset}`)
    })
    assert.deepEqual(await t.effects(), ['0', '1', '2'])
  },

  'a record that a later leader appended at a known offset is another record': async (t) => {
    const holding = await taken(t)
    await t.store.run(holding, [at(0, 1)], (tx) => t.write(tx, 'lost'))
    await t.store.run(holding, [at(0, 2)], (tx) => t.write(tx, 'new'))
    await t.store.run(holding, [at(0, 2)], () => assert.fail('the record was done'))
    assert.deepEqual(await t.effects(), ['lost', 'new'])
  },

  'begin moves the position, and forgets what is done outside of its range': async (t) => {
    const holding = await taken(t)
    for (const offset of [1, 3, 5]) await t.store.run(holding, [at(offset)], () => {})
    await t.store.begin(holding, at(2), 5)
    const { position, done } = await t.store.takeOver(PARTITION, 'b')
    assert.deepEqual([position, done], [at(2), [at(3)]])
  },

  'offsets beyond 32 bits are kept': async (t) => {
    const big = 2 ** 33 + 1
    const holding = await taken(t, big)
    await t.store.run(holding, [at(big)], () => {})
    await t.store.advance(holding, at(big + 1))
    assert.deepEqual((await t.store.takeOver(PARTITION, 'b')).position, at(big + 1))
  },

  'a database that has lost what it had committed is noticed, and stays as it is': async (t) => {
    const old = await taken(t)
    for (const offset of [0, 1, 2, 3, 5]) await t.store.run(old, [at(offset)], () => {})
    await t.store.advance(old, at(2))
    await t.store.run(old, [at(6)], (tx) => t.send(tx, `DELETE FROM ${t.prefix}tidemark_inbox WHERE record_offset = 3`))
    await assert.rejects(t.store.advance(old, at(4)), /lost what it had committed for orders-3: 1 records/)
    const { holding, position, done } = await t.store.takeOver(PARTITION, 'a')
    assert.deepEqual([position, done], [at(2), [at(2), at(5), at(6)]])
    await t.store.run(holding, [at(3)], (tx) => t.send(tx, `UPDATE ${t.prefix}tidemark_progress SET next_offset = 1`))
    await assert.rejects(t.store.advance(holding, at(4)), /its position went back from 2 to 1/)
    const again = await t.store.takeOver(PARTITION, 'a')
    assert.deepEqual(again.position, at(1))
    for (const offset of [1, 4]) await t.store.run(again.holding, [at(offset)], () => {})
    await t.store.advance(again.holding, at(7))
    assert.equal(await t.inbox(), 0)
  },

  'an advance whose answer was lost is no loss': async (t) => {
    const holding = await taken(t)
    for (const offset of [0, 1, 2]) await t.store.run(holding, [at(offset)], () => {})
    await t.store.run(holding, [at(3)], async (tx) => {
      await t.send(tx, `UPDATE ${t.prefix}tidemark_progress SET next_offset = 2`)
      await t.send(tx, `DELETE FROM ${t.prefix}tidemark_inbox WHERE record_offset < 2`)
    })
    await t.store.advance(holding, at(4))
    assert.equal(await t.inbox(), 0)
  },

  'no epoch is given away twice, also if the database has lost a takeover': async (t) => {
    const zombie = await taken(t)
    await t.store.run(zombie, [at(0)], (tx) => t.send(tx, `UPDATE ${t.prefix}tidemark_fence SET epoch = 0`))
    const { holding } = await t.store.takeOver(PARTITION, 'b')
    assert.ok(holding.epoch > zombie.epoch, `${holding.epoch} after ${zombie.epoch}`)
    assert.equal(await codeOf(t.store.run(zombie, [at(1)], () => {})), 'FENCED')
  },

  '64 at once: each is written once': async (t) => {
    const holding = await taken(t)
    const offsets = Array.from({ length: 64 }, (_, i) => i)
    await Promise.all(offsets.map((o) => t.store.run(holding, [at(o)], (tx) => t.write(tx, `${o + 100}`))))
    assert.deepEqual(
      await t.effects(),
      offsets.map((o) => `${o + 100}`),
    )
  },

  'two that take over at once get different epochs': async ({ store }) => {
    const all = await Promise.all(['a', 'b', 'c'].map((owner) => store.takeOver(PARTITION, owner)))
    assert.equal(new Set(all.map(({ holding }) => holding.epoch)).size, 3)
  },
}
