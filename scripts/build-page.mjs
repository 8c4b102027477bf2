// Builds the page of the console into packages/console/dist/web, with the list of its files and the licences of what
// is in it.
import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { build } from 'vite'
import { bundledPackages, licencesText } from './publish/licences.mjs'

const base = path.join(path.dirname(path.dirname(fileURLToPath(import.meta.url))), 'packages', 'console')
const into = path.join(base, 'dist', 'web')

/** Returns the folder of the page, and the folders of the packages whose code is in it. */
export async function buildPage() {
  rmSync(into, { recursive: true, force: true })
  const { output } = await build({
    root: path.join(base, 'web'),
    configFile: false,
    logLevel: 'warn',
    plugins: [react()],
    build: {
      outDir: into,
      emptyOutDir: false,
      target: 'es2022',
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
    },
  })
  const packages = bundledPackages(output)
  writeFileSync(path.join(base, 'THIRD-PARTY-LICENSES'), licencesText(packages))
  const files = readdirSync(into, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(into, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'))
    .sort()
  writeFileSync(path.join(into, 'files.json'), `${JSON.stringify(files)}\n`)
  return { folder: into, packages }
}
