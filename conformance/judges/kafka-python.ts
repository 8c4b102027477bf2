/**
 * kafka-python 2.0.2, as Debian's python3-kafka ships it, in a virtual environment outside the repository, with every
 * codec it has.
 */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Report } from '../report.ts'
import { CACHE, make, run } from '../tools.ts'
import { OurBroker } from './our-broker.ts'

const FOLDER = path.join(CACHE, 'kafka-python-2.0.2')
const PYTHON = path.join(FOLDER, 'bin', 'python')
const READY = path.join(FOLDER, 'ready')
const JUDGE = fileURLToPath(new URL('kafka_python_judge.py', import.meta.url))

export async function judge(report: Report): Promise<void> {
  await install()
  await using broker = await OurBroker.start('disk')
  const { stdout, stderr, code } = await run(PYTHON, [JUDGE, broker.address], undefined, 240_000)
  const said = stdout.split('\n').filter((line) => line.startsWith('{'))
  for (const line of said) {
    const { name, ok, text } = JSON.parse(line) as { name: string; ok: boolean; text?: string }
    await report.check(name, () => {
      if (!ok) throw new Error(text)
    })
  }
  await report.check('runs to its end', () => {
    if (code !== 0) throw new Error(`ended with ${code}: ${stderr.slice(-800)}`)
  })
}

async function install(): Promise<void> {
  if (existsSync(READY)) return
  const packages = 'kafka-python==2.0.2 python-snappy==0.7.3 lz4==4.4.5 zstandard==0.25.0 crc32c==2.9.post0'
  await make(`python3 -m venv ${FOLDER} && ${PYTHON} -m pip install -q ${packages} && touch ${READY}`, '/', 240_000)
}
