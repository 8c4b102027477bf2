/** Command line programs of others: a process a line. What each prints is its answer. */
import { run } from '../tools.ts'
import { normalised, orderedJson } from './normalise.ts'
import type { Program } from './program.ts'

const LINE_MAX_MS = 30_000

interface CommandProgram {
  readonly name: string
  readonly inSlice: boolean
  build(): Promise<void>
  /** The program, and its first arguments. */
  command(address: string): readonly [program: string, ...args: readonly string[]]
  /** Its arguments, with what it reads from stdin. */
  readonly lines: readonly (readonly [args: string, input?: string])[]
  /** Of stderr: what the program says of itself. */
  readonly ofItself?: RegExp
  readonly differs: Program['differs']
}

export const commandProgram = ({ name, inSlice, build, command, lines, ofItself, differs }: CommandProgram): Program => ({
  name,
  inSlice,
  build,
  differs,
  async play(address) {
    const [program, ...first] = command(address)
    const answers = new Map<string, string>()
    for (const [nth, [args, input]] of lines.entries()) {
      const { code, stdout, stderr } = await run(program, [...first, ...args.split(' ')], input, LINE_MAX_MS)
      const complaints = stderr.split('\n').filter((line) => line !== '' && !ofItself?.test(line))
      answers.set(`${nth + 1}. ${args}`, normalised(JSON.stringify({ code, stdout: orderedJson(stdout), complaints })))
    }
    return answers.set(name, 'ended')
  },
})
