/**
 * Programs that Debian's unstable release has, and the one of this machine has not: unpacked into the cache with all
 * the libraries that they need. Nothing is installed.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { CACHE, NotToBeHad, obtain } from '../tools.ts'

const KEYS = '/usr/share/keyrings/debian-archive-keyring.gpg'

export class Unpacked {
  readonly folder: string

  constructor(folder: string) {
    this.folder = folder
  }

  /** The programs' own loader runs them: they do not fit the C library of this machine. */
  command(program: string, args: readonly string[]): [string, string[]] {
    const inside = (name: string): string => path.join(this.folder, name)
    const libraries = readdirSync(inside('usr/lib')).filter((name) => name.endsWith('-linux-gnu'))
    const loader = readdirSync(inside('usr/lib64')).find((name) => name.startsWith('ld-'))
    if (loader === undefined) throw new NotToBeHad(`${this.folder} has no loader for this machine`)
    const search = libraries.map((name) => inside(`usr/lib/${name}`)).join(':')
    return [inside(`usr/lib64/${loader}`), ['--library-path', search, inside(program), ...args]]
  }

  run(program: string, args: readonly string[]): string {
    return execFileSync(...this.command(program, args), { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  }

  /** As `run`; what does not run on this machine cannot be had. */
  tryRun(program: string, args: readonly string[]): string {
    try {
      return this.run(program, args)
    } catch (cause) {
      throw new NotToBeHad(`${program} of Debian's unstable release does not run here: ${(cause as Error).message.split('\n')[0]}`)
    }
  }
}

/** The newest versions there were when the cache was filled. It is complete or absent. */
export function unpacked(...packages: readonly [string, ...string[]]): Unpacked {
  const folder = path.join(CACHE, `unstable-${packages[0]}`)
  if (!existsSync(folder)) {
    const filling = `${folder}.filling`
    rmSync(filling, { recursive: true, force: true })
    for (const name of ['lists/partial', 'cache/archives/partial', 'root']) mkdirSync(path.join(filling, name), { recursive: true })
    download(filling, packages)
    const archives = path.join(filling, 'cache/archives')
    for (const file of readdirSync(archives).filter((name) => name.endsWith('.deb')))
      obtain('dpkg-deb', ['-x', path.join(archives, file), path.join(filling, 'root')])
    rmSync(folder, { recursive: true, force: true })
    renameSync(path.join(filling, 'root'), folder)
    rmSync(filling, { recursive: true, force: true })
  }
  return new Unpacked(folder)
}

function download(folder: string, packages: readonly string[]): void {
  writeFileSync(path.join(folder, 'sources.list'), `deb [signed-by=${KEYS}] ${mirror()} unstable main\n`)
  writeFileSync(path.join(folder, 'status'), '') // nothing is there: every library comes along
  const settings = {
    'Dir::Etc::sourcelist': path.join(folder, 'sources.list'),
    'Dir::Etc::sourceparts': '-',
    'Dir::State::lists': path.join(folder, 'lists'),
    'Dir::State::status': path.join(folder, 'status'),
    'Dir::Cache': path.join(folder, 'cache'),
    'APT::Install-Recommends': 'false',
    'APT::Sandbox::User': 'root',
  }
  const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])
  obtain('apt-get', ['update', '-q', ...options])
  obtain('apt-get', ['install', '-y', '-q', '--download-only', ...options, ...packages])
}

/** Where this machine gets its packages from. */
function mirror(): string {
  try {
    const args = ['indextargets', '--format', '$(REPO_URI)', 'Created-By: Packages']
    const [uri] = execFileSync('apt-get', args, { encoding: 'utf8' }).split('\n')
    if (uri) return uri
  } catch {} // this machine does not have apt
  throw new NotToBeHad('this machine has no packages of Debian')
}
