/** Where keys go: our producer beside Kafka's own, for keys of every kind. */
import path from 'node:path'
import { partitionOfKey } from '@tidemark/protocol'
import { SeededRandom } from '@tidemark/testing/internal'
import { equal } from '../report.ts'
import { run } from '../tools.ts'
import { type KafkaVersion, kafkaJars } from './jars.ts'

const KEYS = 10_000
const TEXTS = [
  '',
  'a',
  'order-17',
  'Größe',
  '订单',
  'заказ',
  '🍏🍐',
  '\u0000',
  'e\u0301',
  '\ud83d\udc68\u200d\ud83d\udc69\u200d\ud83d\udc67',
]

export async function keysGoWhereKafkaPutsThem(version: KafkaVersion): Promise<void> {
  const random = new SeededRandom(17)
  const keys = Array.from({ length: KEYS }, (_, i) => {
    if (i < TEXTS.length) return Buffer.from(TEXTS[i]!)
    if (i % 4 === 0) return Buffer.from(`${TEXTS[i % TEXTS.length]}-${i}`)
    if (i % 4 === 1) return Buffer.from(Uint32Array.of(i).buffer)
    return Buffer.from(Array.from({ length: random.below(i % 4 === 2 ? 40 : 2_000) }, () => random.below(256)))
  })
  const asked = keys.map((key, i) => ({ key, partitions: 1 + (i % 200) }))
  const input = asked.map(({ key, partitions }) => `${partitions} ${key.toString('hex')}\n`).join('')
  const args = ['-Xmx256m', '-XX:TieredStopAtLevel=1', '-cp', kafkaJars(version), path.join(import.meta.dirname, 'Partitions.java')]
  const { code, stdout, stderr } = await run('java', args, input, 60_000)
  if (code !== 0) throw new Error(stderr.slice(-2_000))
  equal(
    asked.map(({ key, partitions }) => partitionOfKey(key, partitions)),
    stdout.trim().split('\n').map(Number),
  )
}
