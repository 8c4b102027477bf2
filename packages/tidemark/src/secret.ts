/**
 * Secrets come from the terminal without an echo, from stdin or from the environment: never from an argument, which
 * everyone sees.
 */
import { text } from 'node:stream/consumers'
import type { Command } from 'commander'
import { exitCodeOf, usage } from './exit.ts'

export const PASSWORD_VARIABLE = 'TIDEMARK_PASSWORD'

export const withPassword = (command: Command): Command => command.option('--password-stdin', 'read the password from stdin')

export async function passwordOf(what: string, { passwordStdin }: { readonly passwordStdin?: boolean }): Promise<string> {
  const given = passwordStdin ? (await text(process.stdin)).replace(/\r?\n$/, '') : process.env[PASSWORD_VARIABLE]
  if (given === '') throw usage(`the ${what} is empty`)
  if (given !== undefined) return given
  if (process.stdin.isTTY && process.stderr.isTTY) return askSilently(what)
  throw usage(`the ${what} is missing: add --password-stdin, or set ${PASSWORD_VARIABLE}`)
}

function askSilently(what: string): Promise<string> {
  const { stdin, stderr } = process
  stderr.write(`${what}: `)
  stdin.setRawMode(true).setEncoding('utf8').resume()
  return new Promise((resolve, reject) => {
    let typed = ''
    const end = (): void => {
      stdin.setRawMode(false).pause().off('data', onKeys)
      stderr.write('\n')
    }
    const onKeys = (keys: string): void => {
      for (const key of keys) {
        if (key === '\u0003') {
          end()
          process.exit(exitCodeOf('SIGINT')) // as Ctrl-C ends it where the terminal makes a signal of it
        }
        if (key === '\u0004') {
          end()
          return reject(usage(`the ${what} was not given`))
        }
        if (key === '\r' || key === '\n') {
          end()
          return typed === '' ? reject(usage(`the ${what} is empty`)) : resolve(typed)
        }
        typed = key === '\u007f' || key === '\b' ? typed.slice(0, -1) : typed + key
      }
    }
    stdin.on('data', onKeys)
  })
}
