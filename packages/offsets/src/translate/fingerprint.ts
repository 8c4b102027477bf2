/** A record by what it says: key, value, headers and time. Copies have the same one, wherever they are. */
import type { ReceivedMessage } from '@tidemark/client'
import { sha256 } from '@tidemark/platform'

/** Lengths before contents, so that no two records run into one another. */
export function fingerprintOf({ key, value, headers, timestampMs }: ReceivedMessage): string {
  const parts: Buffer[] = []
  const add = (bytes: Uint8Array | null): void => {
    const length = Buffer.alloc(4)
    length.writeInt32BE(bytes?.length ?? -1)
    parts.push(length, Buffer.from(bytes ?? []))
  }
  add(Buffer.from(String(timestampMs)))
  add(key)
  add(value)
  for (const header of headers) {
    add(Buffer.from(header.key))
    add(header.value)
  }
  return sha256(Buffer.concat(parts)).toString('base64')
}
