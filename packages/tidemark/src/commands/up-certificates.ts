/** The files of --tls-cert, --tls-key and --tls-ca while the broker runs: they are read again when they change. */
import { statSync } from 'node:fs'
import type { Broker } from '@tidemark/broker'
import { say } from '../print/print.ts'
import { asTyped, type SecurityOptions, tlsOf } from './up-security.ts'

const LOOKED_AT_EVERY_MS = 500

/** What tells that a file is another one than before; links are followed, as renewals replace them. */
export function stampOf({ tlsCert, tlsKey, tlsCa }: SecurityOptions): string {
  const files = [tlsCert, tlsKey, tlsCa].filter((file) => file !== undefined)
  return files.map(stampOfFile).join()
}

function stampOfFile(file: string): string {
  try {
    const { ino, size, mtimeMs } = statSync(file)
    return `${ino} ${size} ${mtimeMs}`
  } catch (error) {
    // Missing, behind a folder that may not be read, a link to itself: reading the file says what is wrong.
    return (error as NodeJS.ErrnoException).code ?? 'unknown'
  }
}

/**
 * New connections get what the files have once they stay as they are: a certificate and its key are two files. What
 * cannot be used is told, and changes nothing. `stamp` is of before they were read. Returns how it is stopped.
 */
export function followCertificates(broker: Broker, listener: string, options: SecurityOptions, stamp: string): () => void {
  let used = stamp
  let last = stamp
  const look = (): void => {
    const now = stampOf(options)
    if (now === last && now !== used) {
      used = now
      void replace(broker, listener, options)
    }
    last = now
  }
  const timer = setInterval(look, LOOKED_AT_EVERY_MS)
  timer.unref()
  return () => clearInterval(timer)
}

async function replace(broker: Broker, listener: string, options: SecurityOptions): Promise<void> {
  try {
    await broker.replaceTls(listener, tlsOf(options)!)
    say(`new connections get the certificate that ${options.tlsCert} has now`)
  } catch (error) {
    say(`the certificate before it stays: ${(asTyped(error, options) as Error).message}`)
  }
}
