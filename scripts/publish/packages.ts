/** The packages that are published, and how they are packed. */
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'

export const root = path.dirname(path.dirname(import.meta.dirname))

const run = promisify(execFile)

export interface Manifest {
  readonly name: string
  readonly version: string
  readonly private?: boolean
  readonly description: string
  readonly keywords: readonly string[]
  readonly homepage: string
  readonly bugs: { readonly url: string }
  readonly repository: { readonly type: string; readonly url: string; readonly directory: string }
  readonly license: string
  readonly engines: { readonly node: string }
  readonly exports: Readonly<Record<string, unknown>>
  readonly files: readonly string[]
  readonly sideEffects: boolean
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

export interface Package {
  /** The name of its folder under packages/. */
  readonly folder: string
  readonly path: string
  readonly manifest: Manifest
}

/** Every package of the workspace that is not private, sorted by folder. */
export function publishedPackages(): Package[] {
  return readdirSync(path.join(root, 'packages'))
    .sort()
    .map((folder) => {
      const base = path.join(root, 'packages', folder)
      return { folder, path: base, manifest: JSON.parse(readFileSync(path.join(base, 'package.json'), 'utf8')) as Manifest }
    })
    .filter(({ manifest }) => manifest.private !== true)
}

/** Packs each as `npm publish` would, into `into`. Returns the tarball's path by package name. */
export async function packAll(packages: readonly Package[], into: string): Promise<Map<string, string>> {
  const tarballs = new Map<string, string>()
  for (const { manifest, path: base } of packages) {
    const { stdout } = await npm(['pack', '--json', '--loglevel=error', '--foreground-scripts=false', '--pack-destination', into], base)
    const [packed] = Object.values(JSON.parse(stdout) as Record<string, { filename: string }>)
    tarballs.set(manifest.name, path.join(into, packed!.filename))
  }
  return tarballs
}

/** Runs npm in `cwd`. Rejects with what it wrote to stderr. */
export async function npm(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = process.env) {
  return run('npm', args as string[], { cwd, env, maxBuffer: 1 << 28, shell: process.platform === 'win32' })
}
