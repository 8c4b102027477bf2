/** Brings what the benchmarks run onto the machine, outside the repository, once: the Go driver, Kafka's jars, other people's clients. */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

export const REPOSITORY = fileURLToPath(new URL('..', import.meta.url))
const CACHE = path.join(process.env.XDG_CACHE_HOME ?? path.join(homedir(), '.cache'), 'tidemark-conformance')
export const DRIVER = path.join(CACHE, 'bench-driver')
const KAFKA_VERSION = '4.3.1'

/** Go's own cache makes the second build take no time. */
export function buildDriver(): void {
  mkdirSync(CACHE, { recursive: true })
  execFileSync('go', ['build', '-o', DRIVER, '.'], {
    cwd: path.join(REPOSITORY, 'benchmarks', 'driver'),
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}

/** The folder of Kafka's jars. */
export function kafkaJars(): string {
  const folder = path.join(CACHE, `bench-kafka-${KAFKA_VERSION}`)
  const jars = path.join(folder, 'jars')
  if (existsSync(jars)) return jars
  mkdirSync(folder, { recursive: true })
  const dependency = (name: string): string =>
    `<dependency><groupId>org.apache.kafka</groupId><artifactId>${name}</artifactId><version>${KAFKA_VERSION}</version></dependency>`
  writeFileSync(
    path.join(folder, 'pom.xml'),
    `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>tidemark</groupId><artifactId>kafka</artifactId>
<version>1</version><dependencies>${dependency('kafka_2.13')}${dependency('kafka-tools')}</dependencies></project>`,
  )
  execFileSync('mvn', ['-q', '-B', 'dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${jars}`], {
    cwd: folder,
    stdio: 'inherit',
  })
  return jars
}

/** The folder in which this npm package is installed at this version; undefined where it does not install, with a line that says so. */
export function npmFolder(name: string, version: string, native: boolean): string | undefined {
  const folder = path.join(CACHE, `${name.replace(/[@/]/g, '_')}-${version}`)
  if (existsSync(path.join(folder, 'node_modules', name))) return folder
  mkdirSync(folder, { recursive: true })
  const headers = path.join(REPOSITORY, 'node_modules', `node-${process.platform}-${process.arch}`)
  const env = native ? { ...process.env, npm_config_nodedir: headers } : process.env
  const scripts = native ? [] : ['--ignore-scripts']
  const install = ['install', '--prefix', folder, '--no-audit', '--no-fund', ...scripts, `${name}@${version}`]
  if (spawnSync('npm', install, { env, stdio: 'ignore' }).status === 0) return folder
  console.error(`${name}@${version} does not install here: it is left out`)
  return undefined
}

/** Runs a program to its end and reads the one line of JSON that it prints. */
export function runForJson(
  program: string,
  args: readonly string[],
  cwd = REPOSITORY,
  timeoutMs = 120_000,
): Promise<Record<string, number>> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
    let out = ''
    let complaints = ''
    child.stdout.on('data', (chunk) => {
      out += chunk
    })
    child.stderr.on('data', (chunk) => {
      complaints += chunk
    })
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs)
    child.on('close', (code) => {
      clearTimeout(timer)
      const last = out.trim().split('\n').at(-1)
      if (code !== 0 || !last)
        reject(new Error(`${path.basename(program)} ${args.slice(0, 3).join(' ')}: ${complaints.trim().slice(-500) || `exit ${code}`}`))
      else resolve(JSON.parse(last) as Record<string, number>)
    })
  })
}

export const drive = (
  verb: string,
  brokers: string,
  flags: Record<string, string | number> = {},
  command: readonly string[] = [],
  timeoutMs?: number,
): Promise<Record<string, number>> =>
  runForJson(
    DRIVER,
    [verb, '-brokers', brokers, ...Object.entries(flags).flatMap(([k, v]) => [`-${k}`, String(v)]), ...command],
    REPOSITORY,
    timeoutMs,
  )
