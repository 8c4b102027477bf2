/**
 * librdkafka 2.15.1's own test runner, built from the source inside the npm package @confluentinc/kafka-javascript, against our broker:
 * every number that needs a broker and only APIs that are served. Each number runs alone, so that one that hangs holds up nobody.
 */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Report } from '../report.ts'
import { CACHE, run } from '../tools.ts'
import { OurBroker } from './our-broker.ts'

const PACKAGE = '@confluentinc/kafka-javascript'
const VERSION = '1.10.1'
const FOLDER = path.join(CACHE, `kafka-javascript-${VERSION}`)
const TESTS = path.join(FOLDER, 'package/deps/librdkafka/tests')
/** In quick mode these do nothing at all: they are run in full. */
const THOROUGH: ReadonlySet<string> = new Set('0018 0019 0026 0039 0045 0050 0061 0089 0102 0122 0132'.split(' '))
const EACH_MAX_MS = 120_000

const NUMBERS = (
  '0001 0002 0003 0005 0007 0008 0012 0013 0014 0015 0016 0017 0018 0019 0020 0021 0022 0026 0028 0029 0030 0031 0033 0034 0035 0036 0038 ' +
  '0039 0040 0041 0042 0045 0047 0048 0050 0051 0053 0054 0055 0056 0057 0059 0060 0061 0063 0064 0065 0067 0070 0073 0082 0083 0084 0085 ' +
  '0086 0089 0090 0091 0092 0093 0099 0102 0107 0110 0111 0113 0114 0118 0122 0123 0125 0127 0130 0132 0137 0140'
).split(' ')
const SLICE = '0001 0012 0013 0017 0029 0030 0031 0035 0040 0070 0073 0085 0090 0099 0118'.split(' ')

const NOT_RUN: Readonly<Record<string, string>> = {
  '0011': 'changes cleanup.policy with IncrementalAlterConfigs and expects compaction: neither is served (docs/skipped.md)',
  '0044, 0069, 0112': 'need CreatePartitions, which is not served (docs/skipped.md)',
  '0052, 0077': "make topics with Kafka's shell scripts, and the second one needs compaction (docs/skipped.md)",
  '0081': 'the admin APIs (CreatePartitions, AlterConfigs, DeleteRecords, ACLs, …) are not served (docs/skipped.md)',
  '0098, 0103, 0129': 'need transactions, which are not served (docs/skipped.md)',
  '0049, 0068, 0075, 0076, 0088, 0094': "need the runner's socket emulation, which slows everything; the simulation does the same to us",
  '0097, 0126, 0135, 0142': 'need TLS or SASL, which are not served (docs/skipped.md)',
  '0101': 'needs followers to fetch from: a broker here is one machine',
  '0109, 0115, 0119': 'need an authorizer, which is not served (docs/skipped.md)',
  '0170 to 0185, 0190': 'share groups (KIP-932) are not served (docs/skipped.md)',
  '8000, 8001': 'are run by hand, as their authors say',
  'local tests': 'test librdkafka against itself or its mock cluster: they say nothing about our broker',
}

export async function judge(report: Report, full: boolean): Promise<void> {
  if (!(await built())) return report.skip('everything', 'the package, or a C compiler, is not to be had here')
  for (const [numbers, why] of Object.entries(NOT_RUN)) report.skip(numbers, why)
  if (!full) report.skip('all numbers but a dozen and a half', 'take minutes: in the full run alone')
  await using broker = await OurBroker.start('disk', { partitions: 4 })
  const settings = path.join(TESTS, `test-${process.pid}.conf`)
  writeFileSync(settings, `bootstrap.servers=${broker.address}\n`)
  try {
    for (const number of full ? NUMBERS : SLICE) await play(report, number, settings)
  } finally {
    rmSync(settings, { force: true })
  }
}

async function play(report: Report, number: string, settings: string): Promise<void> {
  const env = {
    ...process.env,
    LD_LIBRARY_PATH: '../src:../src-cpp',
    TEST_KAFKA_VERSION: '4.3.0',
    TESTS: number,
    RDKAFKA_TEST_CONF: settings,
  }
  // -p1: one after the other; -L: no local tests; -E: no socket emulation; -Q: quick.
  const { stdout, stderr, code } = await run(
    './test-runner',
    ['-p1', '-L', '-E', ...(THOROUGH.has(number) ? [] : ['-Q'])],
    undefined,
    EACH_MAX_MS,
    { cwd: TESTS, env },
  )
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the runner colours its words
  const said = `${stdout}${stderr}`.replace(/\x1b\[[0-9;]*m/g, '')
  const results = [...said.matchAll(/^\| (\d{4}\S*) +\| +(PASSED|FAILED|SKIPPED) \| +(\S+)s \| ?(.*)$/gm)].filter(
    ([, name]) => !/_mock|_local/.test(name!),
  )
  if (results.length === 0) {
    await report.check(number, () => {
      throw new Error(
        code === null && !said.includes('TEST FAILURE') ? `ended by a signal, or not within ${EACH_MAX_MS} ms` : failureIn(said),
      )
    })
  }
  for (const [, name, result, seconds, extra] of results) {
    if (result === 'SKIPPED')
      report.skip(name!, extra?.trim() || 'the runner leaves it out: it needs the scenario without auto-created topics')
    else if (result === 'PASSED' && seconds === '0.000') report.skip(name!, 'does nothing in the mode that it is run in')
    else {
      await report.check(name!, () => {
        if (result === 'FAILED') throw new Error(failureIn(said))
      })
    }
  }
}

const failureIn = (said: string): string => /TEST FAILURE[\s\S]{0,600}/.exec(said)?.[0] ?? said.slice(-600)

async function built(): Promise<boolean> {
  if (existsSync(path.join(TESTS, 'test-runner'))) return true
  mkdirSync(FOLDER, { recursive: true })
  const make = [
    `npm pack --silent ${PACKAGE}@${VERSION}`,
    'tar xzf confluentinc-kafka-javascript-*.tgz package/deps',
    'cd package/deps/librdkafka',
    './configure --disable-curl --disable-sasl',
    'make -j2 libs',
    'make -j2 -C tests build',
  ].join(' && ')
  return (await run('bash', ['-c', make], undefined, 600_000, { cwd: FOLDER })).code === 0
}
