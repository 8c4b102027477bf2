/** Types the table, line by line, as its user does: in a shell, a process a command. */
import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { TIDEMARK } from '../tools.ts'
import { sleep } from '../waiting.ts'
import { compared, normalised } from './normalise.ts'
import { type Answer, answerText, type Step } from './table.ts'

/**
 * Lines that change nothing: several at once, and asked again on a cluster that acts on what it answered a moment
 * later.
 */
const READS =
  /^tidemark (topic (list|describe)|group (list|describe)|lag|peek|doctor|offsets (show|log|blame|diff|plan|export|bookmark list|undo --list)|config (list|describe)|acl list|user list|consume (?!.*--group))|--dry-run/
const isRead = ({ line }: Step): boolean => READS.test(line) && !/ > |--out /.test(line)

const AT_ONCE = 4
const TRIES_MAX = 8
const AGAIN_MS = 250

export interface Where {
  readonly brokers: readonly string[]
  /** A second cluster. */
  readonly other: readonly string[]
  /** Whether what only reads is asked again while it differs from the table. */
  readonly settles: boolean
}

/** What each step answered, in their order. */
export async function typeAll(steps: readonly Step[], { brokers, other, settles }: Where): Promise<string[]> {
  const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-table-'))
  const command = path.join(folder, 'bin', 'tidemark')
  mkdirSync(path.dirname(command))
  writeFileSync(command, `#!/bin/sh\nexec '${process.execPath}' '${TIDEMARK}' "$@"\n`)
  chmodSync(command, 0o755)
  const env = {
    ...process.env,
    ...{ PATH: `${path.dirname(command)}${path.delimiter}${process.env.PATH}`, TZ: 'UTC', NO_COLOR: '' },
    ...{ TIDEMARK_BROKERS: brokers.join(','), OTHER: other.join(','), XDG_STATE_HOME: folder, XDG_CONFIG_HOME: folder },
  }
  const type = async (step: Step): Promise<string> => {
    for (let tries = 1; ; tries++) {
      const answer = normalised(answerText(await typed(step.line, folder, env)), folder)
      const isDone = compared(answer) === compared(step.answer)
      if (isDone || !settles || !isRead(step) || tries === TRIES_MAX) return answer
      await sleep(AGAIN_MS)
    }
  }
  try {
    const answers: string[] = []
    for (let i = 0; i < steps.length; ) {
      const next = steps.slice(i, i + AT_ONCE)
      const reads = next.findIndex((step) => !isRead(step))
      const together = reads === 0 ? next.slice(0, 1) : reads < 0 ? next : next.slice(0, reads)
      answers.push(...(await Promise.all(together.map(type))))
      i += together.length
    }
    return answers
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function typed(line: string, cwd: string, env: NodeJS.ProcessEnv): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['-c', line], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
    const out = { stdout: '', stderr: '' }
    for (const name of ['stdout', 'stderr'] as const) child[name].setEncoding('utf8').on('data', (part) => (out[name] += part))
    child.on('error', reject).on('close', (code) => resolve({ code, ...out }))
  })
}
