/**
 * The consumers' table of delays per airport, in SQLite. A flight's row number is unique: what is delivered again, or
 * was appended again, is recognized and not counted. Both are one transaction.
 */
import { DatabaseSync } from 'node:sqlite'
import type { Delays, Flight } from './flights.ts'

export interface Arrival extends Flight {
  readonly partition: number
  readonly offset: number
}

export interface Counted {
  readonly counted: number
  /** The same record again. */
  readonly deliveredAgain: number
  /** The same row, appended to the log a second time. */
  readonly appendedAgain: number
}

export class DelayTable {
  readonly #database: DatabaseSync

  constructor(path: string) {
    this.#database = new DatabaseSync(path, { timeout: 10_000 })
    this.#database.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = NORMAL;
      CREATE TABLE IF NOT EXISTS seen (row INTEGER PRIMARY KEY, partition INTEGER NOT NULL, offset INTEGER NOT NULL);
      CREATE TABLE IF NOT EXISTS delays (airport TEXT PRIMARY KEY, flights INTEGER NOT NULL, delayMinutes INTEGER NOT NULL);
    `)
  }

  /** Counts the flights whose rows are new. */
  count(arrivals: readonly Arrival[]): Counted {
    const see = this.#database.prepare('INSERT INTO seen VALUES (?, ?, ?) ON CONFLICT DO NOTHING')
    const where = this.#database.prepare('SELECT partition, offset FROM seen WHERE row = ?')
    const add = this.#database.prepare(`
      INSERT INTO delays VALUES (?, 1, ?)
      ON CONFLICT DO UPDATE SET flights = flights + 1, delayMinutes = delayMinutes + excluded.delayMinutes`)
    let counted = 0
    let deliveredAgain = 0
    let appendedAgain = 0
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      for (const { row, partition, offset, origin, delay } of arrivals) {
        if (see.run(row, partition, offset).changes === 1) {
          add.run(origin, delay)
          counted++
          continue
        }
        const first = where.get(row) as { partition: number; offset: number }
        if (first.partition === partition && first.offset === offset) deliveredAgain++
        else appendedAgain++
      }
      this.#database.exec('COMMIT')
    } catch (error) {
      this.#database.exec('ROLLBACK')
      throw error
    }
    return { counted, deliveredAgain, appendedAgain }
  }

  rowsSeen(): number {
    return (this.#database.prepare('SELECT count(*) AS n FROM seen').get() as { n: number }).n
  }

  delays(): Map<string, Delays> {
    const rows = this.#database.prepare('SELECT airport, flights, delayMinutes FROM delays').all() as unknown as ({
      airport: string
    } & Delays)[]
    return new Map(rows.map(({ airport, flights, delayMinutes }) => [airport, { flights, delayMinutes }]))
  }

  close(): void {
    this.#database.close()
  }
}
