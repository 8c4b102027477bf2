/** Puts one planted bug into the files that are loaded from now on. */
import { registerHooks } from 'node:module'
import { plants } from './index.ts'

export function plant(name: string): void {
  const found = plants.find((p) => p.name === name)
  if (found === undefined) throw new Error(`there is no planted bug '${name}'; there are: ${plants.map((p) => p.name).join(', ')}`)
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context)
      const changes = found.changes.filter(({ file }) => url.endsWith(`/packages/${file}`))
      if (changes.length === 0) return loaded
      let source = String(loaded.source)
      for (const { file, find, replace } of changes) {
        if (source.split(find).length !== 2)
          throw new Error(`the planted bug '${name}' does not fit ${file} any more: it must hold once: ${find}`)
        source = source.replace(find, () => replace)
      }
      return { ...loaded, source }
    },
  })
}
