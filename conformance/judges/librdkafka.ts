/**
 * librdkafka 2.15.1's own test runner, built from the source inside the npm package @confluentinc/kafka-javascript,
 * against our broker: every number that needs a broker and only APIs that are served. Each number runs alone, so that
 * one that hangs does not hold up the others.
 */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { kafkaShell, NEWEST } from '../kafka/jars.ts'
import type { Report } from '../report.ts'
import { CACHE, make, NotToBeHad, run } from '../tools.ts'
import { NOT_RUN, ROUNDS, type Round, SLICE } from './librdkafka-numbers.ts'
import { OurBroker } from './our-broker.ts'

const PACKAGE = '@confluentinc/kafka-javascript'
const VERSION = '1.10.1'
const FOLDER = path.join(CACHE, 'librdkafka-2.15.1')
const TESTS = path.join(FOLDER, 'package/deps/librdkafka/tests')
const EACH_MAX_MS = 180_000

export async function judge(report: Report, full: boolean): Promise<void> {
  await build()
  for (const [numbers, why] of Object.entries(NOT_RUN)) report.skip(numbers, why)
  if (!full) report.skip('all numbers but a dozen and a half', 'take minutes: in the full run alone')
  for (const round of full ? ROUNDS : [SLICE]) {
    await using broker = await OurBroker.start('disk', { options: { numPartitions: 4, ...round.options } })
    const settings = path.join(TESTS, `test-${process.pid}.conf`)
    writeFileSync(settings, `bootstrap.servers=${broker.address}\n`)
    try {
      const env = { ...environment(round), RDKAFKA_TEST_CONF: settings, BROKERS: broker.address }
      for (const number of round.numbers) {
        for (const subtest of round.subtests ?? [undefined]) await play(report, number, subtest, round, env)
      }
    } catch (error) {
      if (!(error instanceof NotToBeHad)) throw error
      report.skip(round.numbers.join(', '), error.message)
    } finally {
      rmSync(settings, { force: true })
    }
  }
}

function environment({ version = '4.3.0', kafkaTools }: Round): NodeJS.ProcessEnv {
  const { CI: _, ...inherited } = process.env
  return {
    ...inherited,
    // It makes everything three times as patient: each call of a tool of Kafka's starts a JVM.
    ...(kafkaTools && { CI: 'true' }),
    LD_LIBRARY_PATH: '../src:../src-cpp',
    TEST_KAFKA_VERSION: version,
    ...(kafkaTools && { KAFKA_PATH: kafkaShell(NEWEST) }),
  }
}

async function play(report: Report, number: string, subtest: string | undefined, round: Round, env: NodeJS.ProcessEnv): Promise<void> {
  const chosen = { ...env, TESTS: number, ...(subtest !== undefined && { SUBTESTS: subtest }) }
  // -p1: one after the other; -L: no local tests; -Q: quick; -s: scenario.
  const args = ['-p1', '-L', ...(round.quick ? ['-Q'] : []), ...(round.scenario === undefined ? [] : ['-s', round.scenario])]
  const { stdout, stderr, code } = await run('./test-runner', args, undefined, EACH_MAX_MS, { cwd: TESTS, env: chosen })
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the runner colours its words
  const said = `${stdout}${stderr}`.replace(/\x1b\[[0-9;]*m/g, '')
  let seen = 0
  for (const [, row, result, seconds, extra] of said.matchAll(/^\| (\d{4}\S*) +\| +(PASSED|FAILED|SKIPPED) \| +(\S+)s \| ?(.*)$/gm)) {
    // Local tests, and those of the other scenario, which has a round of its own.
    if (result === 'SKIPPED' && (extra === '' || extra!.includes('test flags'))) continue
    seen++
    const name = subtest === undefined ? row! : `${row}: ${subtest}`
    if (result === 'SKIPPED') report.skip(row!, extra!.trim())
    else if (result === 'PASSED' && seconds === '0.000') report.skip(name, 'does nothing in the mode that it is run in')
    else {
      await report.check(name, () => {
        if (result === 'FAILED') throw new Error(failureIn(said))
      })
    }
  }
  if (seen === 0) {
    await report.check(subtest === undefined ? number : `${number}: ${subtest}`, () => {
      throw new Error(code === null ? `ended by a signal, or not within ${EACH_MAX_MS} ms: ${failureIn(said)}` : failureIn(said))
    })
  }
}

const failureIn = (said: string): string => /TEST FAILURE[\s\S]{0,600}/.exec(said)?.[0] ?? said.slice(-600)

async function build(): Promise<void> {
  if (existsSync(path.join(TESTS, 'test-runner'))) return
  mkdirSync(FOLDER, { recursive: true })
  const steps = [
    `npm pack --silent ${PACKAGE}@${VERSION}`,
    'tar xzf confluentinc-kafka-javascript-*.tgz package/deps',
    'cd package/deps/librdkafka',
    // Some tests read statistics with it; without it they are skipped.
    '(apt-get update && apt-get download rapidjson-dev && dpkg -x rapidjson-dev_*.deb rapidjson) >/dev/null 2>&1 || true',
    'CPPFLAGS="-isystem $PWD/rapidjson/usr/include" ./configure --disable-curl --disable-sasl --disable-optimization --disable-debug-symbols',
    'make -j2 libs',
    'make -j2 -C tests build',
  ]
  await make(steps.join(' && '), FOLDER, 600_000)
}
