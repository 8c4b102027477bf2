/** kcat, as Debian ships it (1.7.1 on librdkafka 2.0.2, which matches versions exactly: trap 5), against our broker. */
import { equal, type Report } from '../report.ts'
import { debianProgram, run } from '../tools.ts'

const COUNT = 200
const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '')

export async function judge(report: Report, brokers: readonly string[]): Promise<void> {
  if (!debianProgram('kcat')) return report.skip('everything', "Debian's kcat cannot be installed here")
  const b = ['-b', brokers.join(',')]
  const topic = 'kcat-orders'
  const values = Array.from({ length: COUNT }, (_, i) => `key-${i % 7}:value-${i}`)

  for (const codec of ['none', 'gzip', 'snappy', 'lz4', 'zstd']) {
    await report.check(`produces and reads back with ${codec}`, async () => {
      const name = `${topic}-${codec}`
      const produced = await run(
        'kcat',
        [...b, '-P', '-t', name, '-K', ':', '-z', codec, '-X', 'enable.idempotence=true', '-d', 'msg'],
        `${values.join('\n')}\n`,
      )
      if (produced.code !== 0) throw new Error(produced.stderr.slice(-500))
      const read = await run('kcat', [...b, '-C', '-t', name, '-e', '-q', '-K', ':'], undefined)
      equal(lines(read.stdout).sort(), [...values].sort())
    })
  }

  await report.check('consumes in a group, commits, and resumes where it stopped', async () => {
    const name = `${topic}-none`
    const settings = ['-X', 'auto.offset.reset=earliest', '-X', 'session.timeout.ms=6000']
    const first = await run('kcat', [...b, ...settings, '-c', '80', '-q', '-G', 'kcat-group', name], undefined, 30_000)
    equal(lines(first.stdout).length, 80)
    const second = await run('kcat', [...b, ...settings, '-c', String(COUNT - 80), '-q', '-G', 'kcat-group', name], undefined, 30_000)
    const all = [...lines(first.stdout), ...lines(second.stdout)]
    equal(all.length, COUNT)
    equal(new Set(all).size, COUNT)
  })

  await report.check('lists metadata', async () => {
    const { stdout } = await run('kcat', [...b, '-L', '-J'], undefined)
    const metadata = JSON.parse(stdout) as { topics: { topic: string; partitions: { leader: number }[] }[] }
    const found = metadata.topics.find((t) => t.topic === `${topic}-gzip`)
    equal(
      found?.partitions.every((p) => p.leader > 0),
      true,
    )
  })

  await report.check('finds offsets by time', async () => {
    const { stdout } = await run('kcat', [...b, '-Q', '-t', `${topic}-none:0:0`], undefined)
    equal(stdout.trim(), `${topic}-none [0] offset 0`)
  })
}
