/** The one error that reading or writing the wire may throw: bytes or values that Kafka's format does not allow. */
export class WireError extends Error {
  override readonly name = 'WireError'
  readonly code = 'WIRE'
}

export function notAn(type: string, value: unknown): never {
  throw new WireError(`${String(value)} is not an ${type}`)
}

export function unexpectedNull(what?: string): never {
  throw new WireError(`null where ${what === undefined ? 'a value' : `'${what}'`} is required`)
}
