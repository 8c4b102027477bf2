/**
 * Makes a package's package.json what its users see, while npm packs it: `strip` before, `restore` after (the scripts
 * `prepack` and `postpack` of each package).
 *
 * In the workspace the condition `@tidemark/source` resolves to the sources, which are not packed. `strip` takes away
 * that condition, the exports that have nothing but it, and what only the workspace uses. The original waits in
 * `.package.json` beside it; an interrupted run is put right by the next one.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const SOURCE = '@tidemark/source'
const WORKSPACE_ONLY = ['scripts', 'devDependencies']

/** The manifest as it is published. */
export function publishedManifest(manifest) {
  const entries = Object.entries(manifest).filter(([key]) => !WORKSPACE_ONLY.includes(key))
  return { ...Object.fromEntries(entries), exports: withoutSource(manifest.exports) }
}

function withoutSource(target) {
  if (typeof target !== 'object' || target === null) return target
  const kept = Object.entries(target)
    .filter(([key]) => key !== SOURCE)
    .map(([key, value]) => [key, withoutSource(value)])
    .filter(([, value]) => typeof value !== 'object' || Object.keys(value).length > 0)
  return Object.fromEntries(kept)
}

function restore() {
  if (existsSync('.package.json')) renameSync('.package.json', 'package.json')
}

function strip() {
  restore()
  const text = readFileSync('package.json', 'utf8')
  if (!existsSync('dist')) throw new Error(`dist/ of ${process.cwd()} does not exist; run 'npm run build' first`)
  const published = `${JSON.stringify(publishedManifest(JSON.parse(text)), null, 2)}\n`
  writeFileSync('.package.json', text)
  writeFileSync('package.json', published)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const steps = { strip, restore }
  steps[process.argv[2]]()
}
