/** What cannot be taken back is shown first, and done when the user says so: at the terminal, or with --yes. */
import { createInterface } from 'node:readline/promises'
import type { Command } from 'commander'
import { EXIT } from './exit.ts'
import { say } from './print/print.ts'

export interface ConfirmOptions {
  readonly yes?: boolean
}

export const withConfirmation = (command: Command): Command => command.option('-y, --yes', 'do it without asking')

/** Whether it is to be done. Without a terminal nobody can be asked: exit code 3 then, and after a no. */
export async function confirmed(question: string, { yes }: ConfirmOptions): Promise<boolean> {
  if (yes) return true
  if (process.stdin.isTTY && process.stderr.isTTY) {
    const terminal = createInterface({ input: process.stdin, output: process.stderr })
    const answer = await terminal.question(`${question} [y/N] `).finally(() => terminal.close())
    if (/^y(es)?$/i.test(answer.trim())) return true
    say('nothing was changed')
  } else say('nothing was changed: add --yes to do it')
  process.exitCode = EXIT.notApplied
  return false
}
