/**
 * What a pool and its threads say to each other.
 *
 * A record travels as a copy in one buffer of its own, which is handed over, not copied again. A thread answers each
 * call once. Aborts travel on a port of their own, so that a thread can look for them in the middle of a calculation.
 */
import type { ReceivedMessage } from '@tidemark/client'
import { FetchedMessage } from '@tidemark/client/internal'

export interface WireCall {
  readonly call: number
  readonly message: WireMessage
  readonly id: string
  readonly attempt: number
  readonly attemptsMax: number
}

export interface WireAbort {
  readonly call: number
  readonly reason: unknown
}

export type WireAnswer =
  | { readonly call: number; readonly skipped: WireWhy; readonly deadLettered: WireWhy; readonly failure: undefined }
  | { readonly call: number; readonly skipped: WireWhy; readonly deadLettered: WireWhy; readonly failure: WireError }

/** What a handler gave to `skip` or `deadLetter`, if it called it. */
export type WireWhy = { readonly why: WireError } | undefined

/** Anything that was thrown: an error with what it says, or a text. */
export interface WireError {
  readonly isError: boolean
  readonly name: string
  readonly message: string
  readonly stack: string | undefined
  readonly code: string | undefined
}

interface WireMessage {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly timestampMs: number
  readonly leaderEpoch: number
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: readonly { readonly key: string; readonly value: Uint8Array | null }[]
}

/** The message in one buffer of its own. */
export function packed(message: ReceivedMessage): { readonly message: WireMessage; readonly buffer: ArrayBuffer } {
  const { topic, partition, offset, timestampMs, leaderEpoch, key, value, headers } = message
  const size = (key?.length ?? 0) + (value?.length ?? 0) + headers.reduce((sum, h) => sum + (h.value?.length ?? 0), 0)
  const buffer = new ArrayBuffer(size)
  let at = 0
  const moved = (bytes: Uint8Array | null): Uint8Array | null => {
    if (bytes === null) return null
    const view = new Uint8Array(buffer, at, bytes.length)
    view.set(bytes)
    at += bytes.length
    return view
  }
  const own = { key: moved(key), value: moved(value), headers: headers.map((h) => ({ key: h.key, value: moved(h.value) })) }
  return { message: { topic, partition, offset, timestampMs, leaderEpoch, ...own }, buffer }
}

export function unpacked(wire: WireMessage): ReceivedMessage {
  const bufferOf = (bytes: Uint8Array | null): Buffer | null => bytes && Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  return new FetchedMessage(wire, wire.offset, wire.timestampMs, bufferOf(wire.key), bufferOf(wire.value), wire.headers)
}

/** Errors do not keep their class on the way: what they say is sent. */
export function wireError(thrown: unknown): WireError {
  if (!(thrown instanceof Error)) return { isError: false, name: '', message: textOfAny(thrown), stack: undefined, code: undefined }
  const { name, message, stack } = thrown
  const code = 'code' in thrown ? String(thrown.code) : undefined
  return { isError: true, name, message, stack, code }
}

function textOfAny(thrown: unknown): string {
  try {
    return String(thrown)
  } catch {
    return 'something that has no text'
  }
}

/** An error with the same name, message, stack and code; what was no error is text. */
export function thrownOf({ isError, name, message, stack, code }: WireError): unknown {
  if (!isError) return message
  const error = new Error(message)
  Object.defineProperties(error, {
    name: { value: name, configurable: true, writable: true },
    ...(stack !== undefined && { stack: { value: stack, configurable: true, writable: true } }),
    ...(code !== undefined && { code: { value: code, enumerable: true, configurable: true, writable: true } }),
  })
  return error
}
