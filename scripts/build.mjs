// Builds every package's dist/ (JavaScript and types) and the command line's one bundle. Run by `npm ci` and `npm run
// build`.
import './need-node.mjs'
import { spawnSync } from 'node:child_process'
import { cpSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'
import { buildPage } from './build-page.mjs'
import { bundledPackages, licencesText } from './publish/licences.mjs'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const require = createRequire(import.meta.url)
const tsc = path.join(path.dirname(require.resolve('typescript/package.json')), 'bin', 'tsc')

/** In the order of their dependence: each sees the types of those before it. */
const libraries = ['protocol', 'platform', 'broker', 'client', 'consumer', 'offsets', 'console', 'testing']

for (const name of libraries) {
  const folder = path.join(root, 'packages', name)
  rmSync(path.join(folder, 'dist'), { recursive: true, force: true })
  const run = spawnSync(process.execPath, [tsc, '-p', path.join(folder, 'tsconfig.build.json')], { stdio: 'inherit' })
  if (run.status !== 0) process.exit(run.status ?? 1)
}

const page = await buildPage()

const cli = path.join(root, 'packages', 'tidemark')
rmSync(path.join(cli, 'dist'), { recursive: true, force: true })
const bundle = await rolldown({
  input: { main: path.join(cli, 'src', 'main.ts'), counter: path.join(cli, 'src', 'demo', 'counter.ts') },
  platform: 'node',
  resolve: {
    conditionNames: ['@tidemark/source', 'node', 'import', 'default'],
    alias: { 'abstract-logging': path.join(root, 'scripts', 'publish', 'no-logging.cjs') },
  },
  external: [/^node:/, '@node-rs/crc32', 'snappy', 'lz4-napi'],
  // The oldest Node.js of `engines`: `await using` and the like are compiled down.
  transform: { target: 'node22.22' },
})
const { output } = await bundle.write({ dir: path.join(cli, 'dist'), format: 'esm', sourcemap: false })
await bundle.close()
writeFileSync(path.join(cli, 'THIRD-PARTY-LICENSES'), licencesText([...new Set([...bundledPackages(output), ...page.packages])].sort()))
cpSync(page.folder, path.join(cli, 'dist', 'web'), { recursive: true })
