/** What cannot be taken back is shown first, and done when the user says so: at the terminal, or with --yes. */
import { createInterface } from 'node:readline/promises'
import type { Command } from 'commander'
import { type ClusterOptions, profileInUse } from './connection.ts'
import { EXIT, exitCodeOf } from './exit.ts'
import { say } from './print/print.ts'
import { plain } from './print/table.ts'

export interface ConfirmOptions {
  readonly yes?: boolean
  readonly confirm?: string
}

export const withConfirmation = (command: Command): Command =>
  command
    .option('-y, --yes', 'do it without asking')
    .option('--confirm <NAME>', 'the name of what is changed, which a protected profile asks for: with --yes it is not enough')

/**
 * Whether it is to be done. Without a terminal nobody can be asked: exit code 3 then, and after a no. `name` is what a
 * protected profile wants to hear; by default the profile's own name.
 */
export async function confirmed(question: string, options: ConfirmOptions & ClusterOptions, named?: string): Promise<boolean> {
  const used = await profileInUse(options)
  const name = named ?? used?.name
  const isProtected = used?.profile.protected === true
  const isNamed = options.confirm !== undefined && options.confirm === name
  if (isNamed || (options.yes && !isProtected)) return true
  const canAsk = process.stdin.isTTY && process.stderr.isTTY && options.confirm === undefined
  if (canAsk) {
    const wanted = isProtected ? `profile ${used.name} is protected; type ${name} to go on: ` : `${question} [y/N] `
    const answer = await answerTo(plain(wanted))
    if (answer !== undefined && (isProtected ? answer === name : /^y(es)?$/i.test(answer))) return true
    say('nothing was changed')
    if (answer === undefined) {
      process.exitCode = exitCodeOf('SIGINT')
      return false
    }
  } else if (isProtected) say(`nothing was changed: profile ${used.name} is protected: add --confirm ${name} to do it`)
  else say('nothing was changed: add --yes to do it')
  process.exitCode = EXIT.notApplied
  return false
}

/** Undefined: Ctrl-C, which is no signal while a line is edited. */
async function answerTo(question: string): Promise<string | undefined> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  const isOver = new AbortController()
  let isInterrupted = false
  terminal.once('SIGINT', () => {
    isInterrupted = true
    terminal.close()
  })
  // The end of the input is no answer, and would be waited for.
  terminal.once('close', () => isOver.abort())
  try {
    return (await terminal.question(question, { signal: isOver.signal })).trim()
  } catch (error) {
    if (!isOver.signal.aborted) throw error
    process.stderr.write('\n')
    return isInterrupted ? undefined : ''
  } finally {
    terminal.close()
  }
}
