/** Types the table, line by line, as its user does: in a shell, a process a command. */
import { Shell } from '../../packages/tidemark/src/testing/shell.ts'
import { sleep } from '../waiting.ts'
import { compared, normalised } from './normalise.ts'
import { answerText, type Step } from './table.ts'

/**
 * Lines that change nothing: several at once, and asked again on a cluster that acts on what it answered a moment
 * later.
 */
const READS =
  /^tidemark (topic (list|describe)|group (list|describe)|lag|peek|doctor|offsets (show|log|blame|diff|plan|export|bookmark list|undo --list)|config (list|describe)|acl list|user list|quota list|consume (?!.*--group))|--dry-run/
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
  const shell = new Shell(brokers, { TZ: 'UTC', NO_COLOR: '', OTHER: other.join(',') })
  const type = async (step: Step): Promise<string> => {
    for (let tries = 1; ; tries++) {
      const answer = normalised(answerText(await shell.run(step.line)), shell.folder)
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
    shell.close()
  }
}
