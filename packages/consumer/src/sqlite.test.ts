import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, describe, expect, test } from 'vitest'
import { exactlyOnce } from './sqlite.ts'
import { PARTITION, type StoreUnderTest, storeCases } from './stores/store.case.ts'

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0).reverse()) close()
})

function fileOf(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-sqlite-'))
  closing.push(() => rmSync(folder, { recursive: true }))
  return path.join(folder, 'effects.db')
}

function open(file: string): DatabaseSync {
  const db = new DatabaseSync(file)
  closing.push(() => db.close())
  return db
}

function underTest(file = fileOf()): StoreUnderTest<DatabaseSync> & { readonly db: DatabaseSync } {
  const db = open(file)
  db.exec('CREATE TABLE IF NOT EXISTS effects (value text NOT NULL)')
  return {
    db,
    store: exactlyOnce(db),
    write: async (tx, value) => void tx.prepare('INSERT INTO effects VALUES (?)').run(value),
    prefix: '',
    send: async (tx, statement) => tx.exec(statement),
    effects: async () =>
      db
        .prepare('SELECT value FROM effects ORDER BY value')
        .all()
        .map((row) => String(row.value)),
    inbox: async () => Number(db.prepare('SELECT count(*) AS n FROM tidemark_inbox').get()!.n),
  }
}

describe('a store in SQLite', () => {
  test.each(Object.entries(storeCases))('%s', (_, run) => run(underTest()))

  test('what the database refuses to commit is a failure of the handler', async () => {
    const t = underTest()
    t.db.exec('CREATE TABLE child (parent integer REFERENCES nobody (id) DEFERRABLE INITIALLY DEFERRED)')
    t.db.exec('CREATE TABLE nobody (id integer PRIMARY KEY)')
    const { holding } = await t.store.takeOver(PARTITION, 'a')
    const refused = t.store.run(holding, [{ offset: 0, leaderEpoch: 0 }], (tx) => tx.exec('INSERT INTO child VALUES (7)'))
    await expect(refused).rejects.toMatchObject({ code: 'ERR_SQLITE_ERROR', message: /FOREIGN KEY/ })
    expect(await t.inbox()).toBe(0)
    await t.store.run(holding, [{ offset: 0, leaderEpoch: 0 }], (tx) => t.write(tx, 'a'))
    expect(await t.effects()).toEqual(['a'])
  })

  test('a zombie on another connection to the file is fenced', async () => {
    const file = fileOf()
    const [a, b] = [underTest(file), underTest(file)]
    const { holding } = await a.store.takeOver(PARTITION, 'a')
    await b.store.takeOver(PARTITION, 'b')
    const late = a.store.run(holding, [{ offset: 0, leaderEpoch: 0 }], (tx) => a.write(tx, 'zombie'))
    await expect(late).rejects.toMatchObject({ code: 'FENCED', topic: 'orders', partition: 3 })
    expect(await b.effects()).toEqual([])
  })

  test('waits for a writer of another connection, and says STORE_UNAVAILABLE if that takes too long', async () => {
    const file = fileOf()
    const other = open(file)
    const { store, db } = underTest(file)
    db.exec('PRAGMA busy_timeout = 0')
    const patient = exactlyOnce(db, { statementTimeoutMs: 20 })
    const { holding } = await store.takeOver(PARTITION, 'a')
    other.exec('BEGIN IMMEDIATE')
    await expect(patient.run(holding, [{ offset: 0, leaderEpoch: 0 }], () => {})).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    other.exec('COMMIT')
    await patient.run(holding, [{ offset: 0, leaderEpoch: 0 }], () => {})
  })

  test('creates no tables if told so: STORE_FAILED names what is missing', async () => {
    const db = open(fileOf())
    const store = exactlyOnce(db, { createTables: false })
    await expect(store.takeOver(PARTITION, 'a')).rejects.toMatchObject({ code: 'STORE_FAILED', message: /no such table/ })
    db.exec(readFileSync(new URL('../sql/sqlite.sql', import.meta.url), 'utf8'))
    await store.takeOver(PARTITION, 'a')
  })

  test('refuses what is not a database, and options that it does not have', () => {
    expect(() => exactlyOnce({} as DatabaseSync)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
    expect(() => exactlyOnce(open(':memory:'), { shema: 'x' } as object)).toThrow(/did you mean 'schema'/)
    expect(() => exactlyOnce(open(':memory:'), { schema: 'a b' })).toThrow(/letters, digits/)
  })
})
