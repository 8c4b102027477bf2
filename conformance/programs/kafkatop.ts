/** kafkatop: a monitor of consumer groups and their lag, from PyPI, on confluent-kafka. */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { CACHE, make } from '../tools.ts'
import { commandProgram } from './command-program.ts'

const FOLDER = path.join(CACHE, 'kafkatop-1.16')
const READY = path.join(FOLDER, 'ready')

export const kafkatop = commandProgram({
  name: 'kafkatop',
  inSlice: false,
  async build() {
    if (existsSync(READY)) return
    const pip = path.join(FOLDER, 'bin', 'python')
    await make(
      `python3 -m venv ${FOLDER} && ${pip} -m pip install -q kafkatop==1.16 confluent-kafka==2.16.1 && touch ${READY}`,
      '/',
      300_000,
    )
  },
  command: (address) => [path.join(FOLDER, 'bin', 'kafkatop'), '--kafka-broker', address, '--text'],
  lines: [
    ['--summary-json --all'],
    ['--topicinfo'],
    ['--topicinfo-parts'],
    ['--status --all --poll-period 1 --poll-iterations 1'],
    ['--summary-json --all --group-filter-pattern c-'],
  ],
  // librdkafka tells at INFO of the id that a broker gives it for its metrics.
  ofItself: /^%6\|/,
  differs: [],
})
