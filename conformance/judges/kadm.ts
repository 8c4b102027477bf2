/**
 * franz-go's administration client (package kadm 1.20.0), call by call: `kadm/main.go` has what Apache Kafka answers.
 */
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { type StartOptions, startBroker } from '@tidemark/broker'
import { startKafka } from '../kafka/cluster.ts'
import { NEWEST } from '../kafka/jars.ts'
import type { Report } from '../report.ts'
import { CACHE, make, start } from '../tools.ts'

const VERSION = '1.20.0'
const SOURCE = fileURLToPath(new URL('kadm/main.go', import.meta.url))
const FOLDER = path.join(CACHE, `kadm-${VERSION}`)
const PROGRAM = path.join(FOLDER, 'kadm')

const SECURED: Partial<StartOptions> = {
  listeners: [{ protocol: 'sasl_plaintext', sasl: ['scram-sha-256'] }],
  users: { admin: 'secret' },
  authorizer: { superUsers: ['User:admin'] },
}

export async function judgeKadm(report: Report, full: boolean): Promise<void> {
  await build()
  for (const nodes of [1, 3]) {
    await using open = await startBroker({ data: ':memory:', nodes })
    await play(report, nodes === 1 ? 'one node' : `${nodes} nodes`, open.brokers, ['-nodes', `${nodes}`])
  }
  await using secured = await startBroker({ data: ':memory:', ...SECURED })
  await play(report, 'SCRAM and ACLs', secured.brokers, ['-user', 'admin:secret'])
  if (!full) return report.skip('kadm on Apache Kafka', 'takes a JVM: in the full run alone')
  const kafka = await startKafka(NEWEST, 1)
  try {
    await play(report, `Apache Kafka ${NEWEST}`, kafka.brokers, [])
  } finally {
    await kafka.close()
  }
}

async function play(report: Report, where: string, brokers: readonly string[], args: readonly string[]): Promise<void> {
  const child = start(PROGRAM, ['-seeds', brokers.join(','), ...args], { stdio: ['ignore', 'pipe', 'pipe'], timeout: 90_000 })
  let said = ''
  for (const stream of [child.stdout!, child.stderr!]) stream.setEncoding('utf8').on('data', (text) => void (said += text))
  await once(child, 'close')
  const steps = [...said.matchAll(/^(ok|FAIL) ([^:\n]+)(?:: (.*))?$/gm)]
  for (const [, result, name, why] of steps) {
    await report.check(`kadm: ${name} (${where})`, () => {
      if (result === 'FAIL') throw new Error(why)
    })
  }
  await report.check(`kadm runs to its end (${where})`, () => {
    if (!steps.some(([, , name]) => name === 'DeleteTopics')) throw new Error(said.slice(-800))
  })
}

async function build(): Promise<void> {
  if (existsSync(PROGRAM) && readFileSync(path.join(FOLDER, 'main.go'), 'utf8') === readFileSync(SOURCE, 'utf8')) return
  mkdirSync(FOLDER, { recursive: true })
  cpSync(SOURCE, path.join(FOLDER, 'main.go'))
  const module = existsSync(path.join(FOLDER, 'go.mod')) ? 'true' : 'go mod init kadm-judge'
  await make(
    `${module} && go get github.com/twmb/franz-go/pkg/kadm@v${VERSION} && go mod tidy && go build -o ${PROGRAM} .`,
    FOLDER,
    300_000,
  )
}
