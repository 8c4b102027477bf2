/** `tidemark`: runs the command that is named, and turns what goes wrong into one line and an exit code. */
import { adviseWith, TidemarkError } from '@tidemark/platform'
import { CommanderError } from 'commander'
import { ADVICE } from './advice.ts'
import { EXIT, exitCodeFor } from './exit.ts'
import { helpAsked } from './help.ts'
import { interruptedCode } from './interrupts.ts'
import { outputFailed, watchOutput, write } from './print/output.ts'
import { plain } from './print/table.ts'
import { inheriting, loadProgram, program } from './program.ts'

async function main(): Promise<void> {
  const typed = process.argv.slice(2)
  if (typed[0] === '__complete') {
    const { completeCommand } = await import('./commands/completion.ts')
    program.addCommand(inheriting(completeCommand(loadProgram)), { hidden: true })
  } else await loadProgram(typed)
  const words = helpAsked(program, typed)
  if (words.length === 0) program.outputHelp()
  else await program.parseAsync(words, { from: 'user' })
  await write('')
}

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage
  if (error instanceof TidemarkError) {
    // A reader that has seen enough (`tidemark consume … | head`) is not a failure.
    if (error.code === 'OUTPUT_CLOSED') return EXIT.done
    const advice = error.code === 'UNKNOWN_BOOKMARK' ? '; see: tidemark offsets bookmark list' : ''
    process.stderr.write(`tidemark: ${plain(error.message.replaceAll(/\s*\n\s*/g, ' '))}${advice}\n`)
    return exitCodeFor(error.code)
  }
  // Node's own errors: a file that cannot be read, a port that cannot be taken.
  if (error instanceof Error && 'code' in error) {
    process.stderr.write(`tidemark: ${plain(error.message)}\n`)
    return EXIT.failed
  }
  process.stderr.write(`tidemark: this is a bug, please report it: ${error instanceof Error ? error.stack : String(error)}\n`)
  return EXIT.failed
}

/** ABORTED: a call that the signal ended. */
const isInterruption = (error: unknown): boolean =>
  error instanceof TidemarkError && (error.code === 'INTERRUPTED' || error.code === 'ABORTED')

adviseWith(ADVICE)
watchOutput()
try {
  await main()
  process.exitCode ??= interruptedCode() ?? EXIT.done
} catch (error) {
  const code = report(outputFailed.aborted ? outputFailed.reason : error)
  process.exitCode = (isInterruption(error) ? interruptedCode() : undefined) ?? code
}
