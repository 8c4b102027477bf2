/**
 * Apicurio Registry as Maven Central has it: a schema registry with Confluent's API beside its own, on a free port of
 * the loopback address. It keeps schemas in memory, or in topics of a broker.
 */
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { freePort } from '../kafka/ports.ts'
import { CACHE, make, obtain, start } from '../tools.ts'
import { sleep } from '../waiting.ts'

/** The last one that Java 17 runs. */
export const VERSION = '3.0.9'
const FOLDER = path.join(CACHE, `apicurio-${VERSION}`)
const JAR = `apicurio-registry-app-${VERSION}-runner.jar`
const START_MAX_MS = 60_000
/** What it says of its own settings, and of the first request that finds it ready. */
const OF_ITSELF = /quarkus\.log\.console\.color|ReadinessCheck/

export interface Apicurio extends AsyncDisposable {
  readonly url: string
  /** Lines of its log that warn of something or are errors. */
  complaints(): readonly string[]
}

/** @throws NotToBeHad */
export async function install(): Promise<void> {
  obtain('java', ['-version'])
  if (existsSync(path.join(FOLDER, JAR))) return
  const filling = `${FOLDER}.filling`
  rmSync(filling, { recursive: true, force: true })
  mkdirSync(filling, { recursive: true })
  const artifact = `io.apicurio:apicurio-registry-app:${VERSION}:tar.gz:all`
  obtain('mvn', ['-q', '-B', 'dependency:copy', `-Dartifact=${artifact}`, `-DoutputDirectory=${filling}`], { cwd: filling })
  await make('tar xzf *.tar.gz && rm *.tar.gz', filling, 60_000)
  rmSync(FOLDER, { recursive: true, force: true })
  renameSync(filling, FOLDER)
}

/** `brokers`: where it keeps what it is given; in memory without. */
export async function startApicurio(brokers?: string): Promise<Apicurio> {
  const port = await freePort()
  const work = mkdtempSync(path.join(tmpdir(), 'tidemark-apicurio-'))
  const settings = {
    'quarkus.http.host': '127.0.0.1',
    'quarkus.http.port': `${port}`,
    'apicurio.storage.snapshot.location': work,
    'apicurio.import.work-dir': work,
    'apicurio.storage.kind': brokers === undefined ? 'sql' : 'kafkasql',
    ...(brokers !== undefined && { 'apicurio.kafkasql.bootstrap.servers': brokers }),
  }
  const properties = Object.entries(settings).map(([key, value]) => `-D${key}=${value}`)
  const args = ['-Xmx512m', '-XX:TieredStopAtLevel=1', ...properties, '-jar', JAR]
  const child = start('java', args, { cwd: FOLDER, stdio: ['ignore', 'pipe', 'pipe'] })
  let log = ''
  for (const stream of [child.stdout!, child.stderr!]) stream.setEncoding('utf8').on('data', (text) => void (log += text))
  const gone = once(child, 'close')
  const url = `http://127.0.0.1:${port}`
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    await gone
    rmSync(work, { recursive: true, force: true })
  }
  try {
    await serving(url, () => child.exitCode)
  } catch (error) {
    await stop()
    throw new Error(`Apicurio Registry does not serve: ${(error as Error).message}\n${log.slice(-1_500)}`)
  }
  return {
    url,
    complaints: () => log.split('\n').filter((line) => / (WARN|ERROR|FATAL) /.test(line) && !OF_ITSELF.test(line)),
    [Symbol.asyncDispose]: stop,
  }
}

async function serving(url: string, exitCode: () => number | null): Promise<void> {
  const endMs = performance.now() + START_MAX_MS
  for (;;) {
    const ready = await fetch(`${url}/apis/ccompat/v7/subjects`).then(
      ({ ok }) => ok,
      () => false, // it does not listen yet
    )
    if (ready) return
    if (exitCode() !== null) throw new Error(`it ended with code ${exitCode()}`)
    if (performance.now() > endMs) throw new Error(`not within ${START_MAX_MS} ms`)
    await sleep(200)
  }
}
