/**
 * kcat, as Debian ships it (1.7.1 on librdkafka 2.0.2, which matches versions exactly: trap 5), against our broker:
 * every codec, groups with a member killed, commit, resume, seek, look-up by time.
 */
import { equal, type Report } from '../report.ts'
import { debianProgram, NotToBeHad, run } from '../tools.ts'
import { groupOfThree } from './group-of-three.ts'

const COUNT = 200
const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '')

export async function judge(report: Report, brokers: readonly string[]): Promise<void> {
  if (!debianProgram('kcat')) throw new NotToBeHad("Debian's kcat cannot be installed here")
  const b = ['-b', brokers.join(',')]
  const topic = 'kcat-orders'
  const values = Array.from({ length: COUNT }, (_, i) => `key-${i % 7}:value-${i}`)

  const kcat = async (args: readonly string[], input?: string): Promise<string[]> => {
    const { stdout, stderr, code } = await run('kcat', [...b, ...args], input, 30_000)
    if (code !== 0) throw new Error(`kcat ${args.join(' ')} ended with ${code}: ${stderr.slice(-500)}`)
    return lines(stdout)
  }
  const produce = (to: string, codec: string, ...more: string[]) =>
    kcat(['-P', '-t', to, '-K', ':', '-z', codec, '-X', 'enable.idempotence=true', ...more], `${values.join('\n')}\n`)
  /** Everything, or what else is asked for, of a partition. */
  const read = (from: string, ...more: string[]) => kcat(['-C', '-t', from, '-e', '-q', ...more])

  for (const codec of ['none', 'gzip', 'snappy', 'lz4', 'zstd']) {
    await report.check(`produces and reads back with ${codec}`, async () => {
      await produce(`${topic}-${codec}`, codec)
      equal((await read(`${topic}-${codec}`, '-K', ':')).sort(), [...values].sort())
    })
  }

  await report.check('consumes in a group, commits, and resumes where it stopped', async () => {
    const settings = ['-X', 'auto.offset.reset=earliest', '-X', 'session.timeout.ms=6000', '-q']
    const first = await kcat([...settings, '-c', '80', '-G', 'kcat-group', `${topic}-none`])
    equal(first.length, 80)
    const second = await kcat([...settings, '-c', String(COUNT - 80), '-G', 'kcat-group', `${topic}-none`])
    const all = [...first, ...second]
    equal(all.length, COUNT)
    equal(new Set(all).size, COUNT)
  })

  await report.check('three members share six partitions, one is killed, nothing is lost', () => {
    const settings = ['auto.offset.reset=earliest', 'session.timeout.ms=6000', 'heartbeat.interval.ms=500', 'auto.commit.interval.ms=500']
    const args = [...b, '-q', '-u', '-f', '%p %o\n', ...settings.flatMap((setting) => ['-X', setting]), '-G', 'kcat-three', 'kcat-three']
    return groupOfThree({
      brokers,
      topic: 'kcat-three',
      group: 'kcat-three',
      member: () => ['kcat', args],
      produce: async () => void (await produce('kcat-three', 'none', '-X', 'partitioner=random', '-X', 'sticky.partitioning.linger.ms=0')),
      count: COUNT,
    })
  })

  await report.check('lists metadata', async () => {
    const metadata = JSON.parse((await kcat(['-L', '-J'])).join('')) as { topics: { topic: string; partitions: { leader: number }[] }[] }
    const found = metadata.topics.find((t) => t.topic === `${topic}-gzip`)
    equal(
      found?.partitions.every((p) => p.leader > 0),
      true,
    )
  })

  await report.check('begins at an offset, at one from the end, and at a time', async () => {
    const name = `${topic}-gzip`
    const from = async (...args: string[]) => Number((await read(name, '-p', '0', '-c', '1', '-f', '%o\n', ...args))[0])
    equal(await from('-o', '5'), 5)
    equal(await from('-o', 'beginning'), 0)
    equal(await from('-o', '-3'), COUNT - 3)
    const times = await read(name, '-p', '0', '-f', '%T\n')
    const wanted = times.indexOf(times.at(-1)!)
    equal(await from('-o', `s@${times.at(-1)}`), wanted)
  })

  await report.check('finds offsets by time', async () => {
    const name = `${topic}-gzip`
    const times = (await read(name, '-p', '0', '-f', '%T\n')).map(Number)
    for (const at of [0, times[0]!, times[COUNT / 2]!, times.at(-1)!]) {
      const wanted = times.findIndex((time) => time >= at)
      equal(await kcat(['-Q', '-t', `${name}:0:${at}`]), [`${name} [0] offset ${wanted}`])
    }
    equal(await kcat(['-Q', '-t', `${name}:0:${times.at(-1)! + 1}`]), [`${name} [0] offset -1`])
  })

  report.skip('seek within a group', 'kcat has no command for it: -G begins at the committed offset or where auto.offset.reset says')
  report.skip('commit with metadata', 'kcat commits by itself, and has no option for it')
}
