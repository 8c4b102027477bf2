/** A database of PGlite in which `initdb` has run: that takes seconds, and so it is kept. */
import { existsSync, mkdirSync, openAsBlob, readFileSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { PGlite } from '@electric-sql/pglite'

const modules = path.join(import.meta.dirname, '../node_modules')

export async function initialized(): Promise<Blob> {
  const { version } = JSON.parse(readFileSync(path.join(modules, '@electric-sql/pglite/package.json'), 'utf8'))
  const folder = path.join(modules, '.cache')
  const file = path.join(folder, `pglite-${version}.tar`)
  if (!existsSync(file)) {
    await using database = await PGlite.create()
    const dump = await database.dumpDataDir('none')
    mkdirSync(folder, { recursive: true })
    // Under its name it is whole, also where two processes make it at once.
    writeFileSync(`${file}.${process.pid}`, await dump.bytes())
    renameSync(`${file}.${process.pid}`, file)
  }
  return openAsBlob(file)
}
