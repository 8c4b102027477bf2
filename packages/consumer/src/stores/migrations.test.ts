import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { mysqlIdTables, postgresIdTables, sqliteIdTables } from '../ids/sql.ts'
import { postgresLockTables } from '../locks/postgres.ts'
import { mysqlTables } from './mysql.ts'
import { postgresTables } from './postgres.ts'
import { sqliteTables } from './sqlite.ts'

/** The files that the package ships, for those who create tables by their own means. */
test.each([
  ['postgres', [...postgresTables('tidemark'), ...postgresLockTables('tidemark').slice(1), ...postgresIdTables('tidemark').slice(1)]],
  ['mysql', [...mysqlTables(''), ...mysqlIdTables('')]],
  ['sqlite', [...sqliteTables('main'), ...sqliteIdTables('main')].map((statement) => statement.replaceAll('main.', ''))],
])('sql/%s.sql has the statements with which the store creates its tables', (name, tables) => {
  const file = readFileSync(new URL(`../../sql/${name}.sql`, import.meta.url), 'utf8')
  expect(
    file
      .split(/;\n(?:\n|$)/)
      .filter((s) => s.trim() !== '')
      .map((s) => s.replaceAll(/^--.*\n/gm, '').trim()),
  ).toEqual(tables)
})
