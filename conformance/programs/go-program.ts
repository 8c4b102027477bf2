/**
 * Programs in Go on a client of others: a source of ours beside this file, the client from Go's module proxy, built
 * once outside the repository.
 */
import { cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { CACHE, make, run } from '../tools.ts'
import { normalised } from './normalise.ts'
import type { Program } from './program.ts'

const PLAY_MAX_MS = 120_000

interface GoProgram {
  readonly name: string
  /** The client's module, as `path@version`. */
  readonly module: string
  readonly args: readonly string[]
  readonly differs: Program['differs']
}

/** A step as the program prints it: a line of JSON. */
interface Step {
  readonly step: string
  readonly answer?: unknown
  readonly error?: string
}

export function goProgram({ name, module, args, differs }: GoProgram): Program {
  const source = fileURLToPath(new URL(`${name}/main.go`, import.meta.url))
  const folder = path.join(CACHE, `${name}-${module.slice(module.indexOf('@v') + 2)}`)
  const program = path.join(folder, name)
  return {
    name,
    inSlice: true,
    differs,
    async build() {
      const copy = path.join(folder, 'main.go')
      if (existsSync(program) && readFileSync(copy, 'utf8') === readFileSync(source, 'utf8')) return
      mkdirSync(folder, { recursive: true })
      cpSync(source, copy)
      const init = existsSync(path.join(folder, 'go.mod')) ? 'true' : 'go mod init judge'
      await make(`${init} && go get ${module} && go mod tidy && go build -o ${program} .`, folder, 300_000)
    },
    async play(address) {
      const { stdout, stderr, code } = await run(program, [address, ...args], undefined, PLAY_MAX_MS)
      const ended = code === 0 ? name : 'the end'
      return new Map([...stepsOf(stdout), [ended, code === 0 ? 'ended' : `ended with ${code}: ${stderr.slice(-400)}`]])
    },
  }
}

function stepsOf(stdout: string): [string, string][] {
  return stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Step)
    .map(({ step, ...answered }) => [step, normalised(JSON.stringify(answered))])
}
