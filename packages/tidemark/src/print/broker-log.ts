/** What the broker of `tidemark up` has to tell its operator, as short lines on stderr. */

import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Notable } from '@tidemark/broker'
import { counted } from '@tidemark/platform'
import { RetryLog } from './log.ts'

/** Prints until what it gives is called. */
export function printNotables(): () => void {
  const log = new RetryLog()
  log.start()
  const listener = (message: unknown): void => {
    const text = textOf(message as Notable)
    if (text !== undefined) log.warn(text)
  }
  subscribe('tidemark:broker', listener)
  return () => void unsubscribe('tidemark:broker', listener)
}

/** Undefined: nothing that has to be looked at. */
export function textOf(notable: Notable): string | undefined {
  switch (notable.kind) {
    case 'refused':
      return `refused ${notable.client}: ${notable.why}`
    case 'denied': {
      const { principal, client, api, resources, code, needs } = notable
      const on = resources.length === 0 ? '' : ` for ${resources.join(', ')}`
      return `denied ${principal} at ${client}: ${api}${on}: ${code}; it needs ${needs}`
    }
    case 'bug':
      return `a bug in ${notable.where}, please report it: ${notable.error instanceof Error ? notable.error.stack : String(notable.error)}`
    case 'unreadable':
      return `cannot be read: ${notable.error.message}`
    case 'memoryFull':
      return notable.message
    case 'recovered':
      return `recovered ${notable.log}: ${counted(notable.bytesCut, 'byte')} after offset ${notable.end} ${notable.bytesCut === 1 ? 'was' : 'were'} cut`
    case 'unresolved':
      return `the quota of ${notable.host} limits nobody: no address is found for this name`
    case 'replaced':
      return `${notable.path} was a folder, and not the file that the broker had written: it is written anew`
    case 'storageFailed': // the command ends with it
    case 'compacted':
    case 'telemetry':
      return undefined
    default:
      return notable satisfies never
  }
}
