/**
 * Real database servers for a test: in a folder of their own, on a free port of the loopback, ended with this process.
 * They can be killed and started again on the same data.
 */
import { type ChildProcess, execFileSync, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { freePort } from '../kafka/ports.ts'
import { NotToBeHad, obtain, start } from '../tools.ts'
import { sleep, until } from '../waiting.ts'
import { type Unpacked, unpacked } from './unstable.ts'

const listens = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => (socket.destroy(), resolve(true)))
    socket.once('error', () => resolve(false))
  })

function forkedBy(pid: number): number[] {
  const pids = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ')
  return pids.filter((text) => text !== '').map(Number)
}

abstract class Server implements AsyncDisposable {
  readonly port: number
  readonly folder: string
  #child: ChildProcess | undefined

  constructor(port: number, folder: string) {
    this.port = port
    this.folder = folder
  }

  protected abstract spawn(): ChildProcess
  /** Whether it answers, beyond listening. */
  protected answers(): boolean {
    return true
  }

  get #isAlive(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null
  }

  /**
   * Starts it unless it runs. What it forked before a kill may still hold its memory for a moment: it is started again
   * then.
   */
  async start(): Promise<void> {
    await until(`${this.constructor.name} answers`, async () => {
      if (!this.#isAlive) {
        this.#child = this.spawn()
        await sleep(100)
      }
      return this.#isAlive && (await listens(this.port)) && this.answers()
    })
  }

  /** As `kill -9`; what it forked goes with it, also where that is in a session of its own, as PostgreSQL's is. */
  async kill(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    const all = signal === 'SIGKILL' ? [child.pid!, ...forkedBy(child.pid!)] : [child.pid!]
    for (const pid of all) {
      try {
        process.kill(pid, signal)
      } catch {} // it has ended
    }
    await exited
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

const folderFor = (name: string): string => mkdtempSync(path.join(tmpdir(), `tidemark-${name}-`))

/** Finds the program, and installs Debian's package if it is missing. */
function program(name: string, folders: readonly string[], packages: readonly string[]): string {
  const find = (): string | undefined => folders.map((folder) => path.join(folder, name)).find((file) => existsSync(file))
  const known = find()
  if (known !== undefined) return known
  obtain('apt-get', ['update', '-q'])
  obtain('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...packages])
  const found = find()
  if (found === undefined) throw new NotToBeHad(`${packages.join(', ')} brought no ${name}`)
  return found
}

const postgresFolders = (): string[] => {
  const base = '/usr/lib/postgresql'
  return existsSync(base)
    ? readdirSync(base)
        .sort((a, b) => Number(b) - Number(a))
        .map((version) => path.join(base, version, 'bin'))
    : []
}

export class PostgreSQL extends Server {
  readonly version: string
  readonly #bin: string
  readonly #as: { readonly uid?: number; readonly gid?: number }

  private constructor(port: number, folder: string, bin: string, as: { uid?: number; gid?: number }, version: string) {
    super(port, folder)
    this.#bin = bin
    this.#as = as
    this.version = version
  }

  static async start(): Promise<PostgreSQL> {
    const bin = program('postgres', postgresFolders(), ['postgresql'])
    const folder = folderFor('postgres')
    // The server refuses to run as root.
    const isRoot = process.getuid?.() === 0
    const idOf = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }))
    const as = isRoot ? { uid: idOf('-u'), gid: idOf('-g') } : {}
    if (isRoot) chownSync(folder, as.uid!, as.gid!)
    const initdb = path.join(path.dirname(bin), 'initdb')
    execFileSync(initdb, ['-D', path.join(folder, 'data'), '-U', 'shop', '-A', 'trust', '--no-sync', '-E', 'UTF8', '--locale=C'], {
      ...as,
      cwd: folder,
      stdio: 'ignore',
    })
    const version = execFileSync(bin, ['--version'], { encoding: 'utf8' }).trim()
    const server = new PostgreSQL(await freePort(), folder, bin, as, version)
    await server.start()
    return server
  }

  get uri(): string {
    return `postgres://shop@127.0.0.1:${this.port}/postgres`
  }

  /** What the client that comes with the database prints of a statement, columns parted by tabs. */
  ask(sql: string): string {
    const args = ['-h', '127.0.0.1', '-p', `${this.port}`, '-U', 'shop', '-At', '-F', '\t', '-c', sql, 'postgres']
    return execFileSync('psql', args, { encoding: 'utf8' })
  }

  protected spawn(): ChildProcess {
    const settings = { listen_addresses: '127.0.0.1', port: this.port, unix_socket_directories: '', max_connections: 300 }
    const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    return start(this.#bin, ['-D', path.join(this.folder, 'data'), ...args], { ...this.#as, cwd: this.folder, stdio: 'ignore' })
  }

  protected override answers(): boolean {
    return spawnSync(path.join(path.dirname(this.#bin), 'pg_isready'), ['-h', '127.0.0.1', '-p', String(this.port)]).status === 0
  }
}

export class MariaDB extends Server {
  readonly version: string
  readonly #program: string

  private constructor(port: number, folder: string, file: string, version: string) {
    super(port, folder)
    this.#program = file
    this.version = version
  }

  static async start(): Promise<MariaDB> {
    const packages = ['mariadb-server-core', 'mariadb-client-core']
    const file = program('mariadbd', ['/usr/sbin', '/usr/libexec'], packages)
    const install = program('mariadb-install-db', ['/usr/bin'], packages)
    program('my_print_defaults', ['/usr/bin'], packages) // which the other one calls
    const folder = folderFor('mariadb')
    const args = ['--no-defaults', `--datadir=${folder}/data`, '--auth-root-authentication-method=normal', '--skip-test-db', ...asRoot]
    execFileSync(install, args, { stdio: 'ignore' })
    const server = new MariaDB(await freePort(), folder, file, execFileSync(file, ['--version'], { encoding: 'utf8' }).trim())
    await server.start()
    return server
  }

  get uri(): string {
    return `mysql://root@127.0.0.1:${this.port}/mysql`
  }

  ask(sql: string): string {
    return execFileSync('mariadb', ['--no-defaults', ...mysqlClient(this.port, sql)], { encoding: 'utf8' })
  }

  protected spawn(): ChildProcess {
    return start(this.#program, ['--no-defaults', ...mysqlServer(this)], { stdio: 'ignore' })
  }
}

/** Debian's unstable release has it: it runs with the libraries of its own. */
export class MySQL extends Server {
  readonly version: string
  readonly #programs: Unpacked

  private constructor(port: number, folder: string, programs: Unpacked, version: string) {
    super(port, folder)
    this.#programs = programs
    this.version = version
  }

  static async start(): Promise<MySQL> {
    const programs = unpacked('mysql-server-core', 'mysql-client-core')
    const folder = folderFor('mysql')
    const version = programs.tryRun('usr/sbin/mysqld', ['--version']).replace(/^\S+\s+/, '')
    const server = new MySQL(await freePort(), folder, programs, version.trim())
    programs.tryRun('usr/sbin/mysqld', [...server.#settings, '--initialize-insecure'])
    await server.start()
    return server
  }

  get uri(): string {
    return `mysql://root@127.0.0.1:${this.port}/mysql`
  }

  ask(sql: string): string {
    return this.#programs.run('usr/bin/mysql', ['--no-defaults', ...mysqlClient(this.port, sql)])
  }

  get #settings(): string[] {
    const { folder } = this.#programs
    const share = `${folder}/usr/share/mysql`
    const own = [`--lc-messages-dir=${share}`, `--character-sets-dir=${share}/charsets`, `--plugin-dir=${folder}/usr/lib/mysql/plugin`]
    return ['--no-defaults', ...mysqlServer(this), ...own, '--secure-file-priv=NULL', '--mysqlx=OFF']
  }

  protected spawn(): ChildProcess {
    return start(...this.#programs.command('usr/sbin/mysqld', this.#settings), { stdio: 'ignore' })
  }
}

const asRoot = process.getuid?.() === 0 ? ['--user=root'] : []

const mysqlServer = ({ port, folder }: Server): string[] => [
  `--datadir=${folder}/data`,
  `--port=${port}`,
  '--bind-address=127.0.0.1',
  '--max-connections=300',
  `--socket=${folder}/socket`,
  `--pid-file=${folder}/pid`,
  ...asRoot,
]

const mysqlClient = (port: number, sql: string): string[] => ['-h127.0.0.1', `-P${port}`, '-uroot', '-N', '-B', '-e', sql, 'mysql']

export class Redis extends Server {
  readonly version: string
  readonly #program: string

  private constructor(port: number, folder: string, file: string, version: string) {
    super(port, folder)
    this.#program = file
    this.version = version
  }

  static async start(): Promise<Redis> {
    const file = program('redis-server', ['/usr/bin', '/usr/local/bin'], ['redis-server'])
    const version = execFileSync(file, ['--version'], { encoding: 'utf8' }).split(' sha')[0]!
    const server = new Redis(await freePort(), folderFor('redis'), file, version)
    await server.start()
    return server
  }

  protected spawn(): ChildProcess {
    const args = [
      '--port',
      String(this.port),
      '--bind',
      '127.0.0.1',
      '--dir',
      this.folder,
      '--appendonly',
      'yes',
      '--appendfsync',
      'always',
    ]
    return start(this.#program, args, { stdio: 'ignore' })
  }
}
