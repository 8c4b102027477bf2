/**
 * An int64 as a number, in arithmetic of 32 bits: exact for every safe integer, rounded beyond (a hostile time or
 * offset; nothing is indexed by it). A bigint for each would cost more than the rest of a header.
 */
const INT32 = 4294967296

export const int53 = (bytes: Buffer, at: number): number => bytes.readInt32BE(at) * INT32 + bytes.readUInt32BE(at + 4)

/** `v` is a safe integer. */
export function putInt53(bytes: Buffer, at: number, v: number): void {
  bytes.writeInt32BE(Math.floor(v / INT32), at)
  bytes.writeUInt32BE(v >>> 0, at + 4)
}
