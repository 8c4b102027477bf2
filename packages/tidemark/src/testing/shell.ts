/** Lines as a user types them: in a shell that finds the built program, with a folder and profiles of its own. */
import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type Outcome, PROGRAM } from './command.ts'

export class Shell {
  /** Where lines are typed; profiles, moves and bookmarks lie here too. */
  readonly folder: string = mkdtempSync(path.join(tmpdir(), 'tidemark-shell-'))
  readonly #env: NodeJS.ProcessEnv

  constructor(brokers: readonly string[], env: NodeJS.ProcessEnv = {}) {
    const command = path.join(this.folder, 'bin', 'tidemark')
    mkdirSync(path.dirname(command))
    writeFileSync(command, `#!/bin/sh\nexec '${process.execPath}' '${PROGRAM}' "$@"\n`)
    chmodSync(command, 0o755)
    this.#env = {
      ...process.env,
      PATH: `${path.dirname(command)}${path.delimiter}${process.env.PATH}`,
      TIDEMARK_BROKERS: brokers.join(','),
      XDG_STATE_HOME: this.folder,
      XDG_CONFIG_HOME: this.folder,
      ...env,
    }
  }

  /** Text of both streams is UTF-8. */
  run(line: string): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      const child = spawn('bash', ['-c', line], { cwd: this.folder, env: this.#env, stdio: ['ignore', 'pipe', 'pipe'] })
      const out = { stdout: '', stderr: '' }
      for (const name of ['stdout', 'stderr'] as const) child[name].setEncoding('utf8').on('data', (part) => (out[name] += part))
      child.on('error', reject).on('close', (code) => resolve({ code, ...out }))
    })
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}
