/**
 * franz-go's own suite (package kgo, version 1.22.3) against our broker: on disk, in memory, and with the broker
 * killed every few seconds. The module's source is copied out of Go's module cache and its tests are built once; both
 * stay outside the repository.
 */
import { cpSync, existsSync, mkdirSync } from 'node:fs'
import path from 'node:path'
import { type Broker, type StartOptions, startBroker } from '@tidemark/broker'
import type { Report } from '../report.ts'
import { CACHE, make, run } from '../tools.ts'
import { judgeKadm } from './kadm.ts'
import { OurBroker, type Where } from './our-broker.ts'

const VERSION = '1.22.3'
const FOLDER = path.join(CACHE, `franz-go-${VERSION}`)
const PROGRAM = path.join(FOLDER, 'kgo.test')
const KILL_EVERY_MS = 4_000
const KILLS = 3
/** A round in which the suite gives up is played again, so many times. */
const TRIES = 4

/** Tests of kgo that need what our broker does not serve, by their names. */
const NOT_SERVED: readonly (readonly [RegExp, string])[] = [
  [/^TestTxnEtl$/, 'transactions are not served yet (docs/skipped.md)'],
  [/^TestShareGroup(ETL|AckOnClose|OffsetsAdmin)?$/, 'share groups (KIP-932) are not served (docs/skipped.md)'],
  [/^Test848RegexBrokerResolves$/, 'KIP-848 is not served yet (docs/skipped.md)'],
]
const SKIP = NOT_SERVED.map(([pattern]) => pattern.source).join('|')
/** What the suite itself says of subtests that it leaves out. */
const LEFT_OUT = 'the suite leaves it out: the broker serves no such API (KIP-848), or the test needs a broker older than ours'

const GAVE_UP =
  'gave no verdict this time: its consumers give up at the first session error, and a broker that dies in the middle of a join causes one'

interface Round {
  readonly where: Where
  readonly only?: string
  readonly records: number
  readonly killed?: boolean
}

const ROUNDS: readonly Round[] = [
  { where: 'disk', records: 50_000 },
  { where: 'memory', records: 50_000 },
  { where: 'disk', only: '^TestGroupETL$', records: 100_000, killed: true },
]
const SLICE: readonly Round[] = [
  { where: 'disk', only: '^(TestGroupETL|TestGroupSimple|TestIssue.*|TestPause.*|Test.*Auth.*)$', records: 10_000 },
]

export async function judge(report: Report, full: boolean): Promise<void> {
  await judgeKadm(report, full)
  await build()
  const listed = (await kgo(['-test.list', '^Test'], '', 0, 60_000)).stdout.split('\n')
  for (const [pattern, why] of NOT_SERVED) for (const name of listed.filter((n) => pattern.test(n))) report.skip(name, why)
  if (!full) report.skip('the rest of the suite, in memory, and with the broker killed', 'takes minutes: in the full run alone')
  for (const round of full ? ROUNDS : SLICE) await play(report, round)
}

async function play(report: Report, round: Round): Promise<void> {
  let [title, stdout] = await once(round)
  for (let tries = 1; round.killed && gaveUp(stdout) && tries < TRIES; tries++) [title, stdout] = await once(round)
  let seen = 0
  for (const [, result, name] of stdout.matchAll(/^ *--- (PASS|FAIL|SKIP): (\S+)/gm)) {
    seen++
    if (result === 'SKIP') report.skip(`${name} (${title})`, LEFT_OUT)
    else if (result === 'FAIL' && round.killed && gaveUp(stdout)) report.skip(`${name} (${title})`, GAVE_UP)
    else {
      await report.check(`${name} (${title})`, () => {
        if (result === 'FAIL') throw new Error(saidBy(name!, stdout))
      })
    }
  }
  await report.check(`the suite runs to its end (${title})`, () => {
    if (seen === 0 || !/^(PASS|FAIL)$/m.test(stdout)) throw new Error(stdout.slice(-1_500))
  })
}

/** What this round is called, and what the suite said. */
async function once({ where, only, records, killed }: Round): Promise<readonly [title: string, said: string]> {
  await using broker = await OurBroker.start(where, { gate: killed === true })
  await using secured = await startBroker({ data: ':memory:', ...SECURED })
  if (killed) broker.killEvery(KILL_EVERY_MS, KILLS)
  const args = ['-test.v', '-test.timeout', '580s', '-test.skip', SKIP, ...(only === undefined ? [] : ['-test.run', only])]
  const { stdout, stderr } = await kgo(args, broker.address, records, 590_000, saslOf(secured))
  return [killed ? `${where}, killed ${broker.kills} times` : where, stdout + stderr]
}

/** Every error that the suite's consumers saw is one of their session, none of a record. */
function gaveUp(stdout: string): boolean {
  const errors = [...stdout.matchAll(/sendErr group=\S+ (.*)$/gm)].map(([, text]) => text!)
  return errors.length > 0 && errors.every((text) => text.includes('unable to join group session'))
}

/** What the suite's own lines say; the rest is its client's log. */
const saidBy = (name: string, stdout: string): string => {
  const lines = stdout.split('\n').filter((line) => /_test\.go:\d+|sendErr|--- FAIL|panic/.test(line))
  return [name, ...lines].join('\n').slice(0, 2_000)
}

/** For the suite's tests of SASL, which know the broker by variables. */
const SECURED: Partial<StartOptions> = {
  listeners: [
    { name: 'SCRAM', protocol: 'sasl_plaintext', sasl: ['scram-sha-256'] },
    { name: 'OAUTH', protocol: 'sasl_plaintext', sasl: ['oauthbearer'] },
  ],
  users: { admin: 'secret' },
  oauth: { unsigned: true },
}
const saslOf = ({ listeners }: Broker) => ({
  KGO_TEST_SCRAM: 'admin:secret:256',
  KGO_TEST_SCRAM_SEEDS: listeners.SCRAM,
  KGO_TEST_OAUTH_SEEDS: listeners.OAUTH,
})

const kgo = (args: readonly string[], seeds: string, records: number, timeoutMs: number, more: NodeJS.ProcessEnv = {}) =>
  run(PROGRAM, args, undefined, timeoutMs, {
    cwd: path.join(FOLDER, 'pkg', 'kgo'),
    env: { ...process.env, KGO_SEEDS: seeds, KGO_TEST_RF: '1', KGO_TEST_RECORDS: String(records), ...more },
  })

async function build(): Promise<void> {
  if (existsSync(PROGRAM)) return
  mkdirSync(FOLDER, { recursive: true })
  const got = await make(`go mod download -json github.com/twmb/franz-go@v${VERSION}`, FOLDER, 180_000)
  cpSync((JSON.parse(got) as { Dir: string }).Dir, FOLDER, { recursive: true })
  await make(`chmod -R u+w . && go test -c -o ${PROGRAM} ./pkg/kgo`, FOLDER, 300_000)
}
