/** The codec of a message at a version: made at first use, kept for ever. */
import type { Message } from '../schema/fields.ts'
import type { Infer, InferInput } from '../schema/infer.ts'
import { compile } from './compile.ts'
import { type Codec, interpret } from './interpret.ts'

const made = new WeakMap<Message, Codec[]>()
let make: (message: Message, version: number) => Codec = compile

/**
 * For `--disallow-code-generation-from-strings` and pages: codecs made from now on are closures, not printed code.
 */
export function useInterpretedCodecs(): void {
  make = interpret
}

/** Throws `RangeError` for a version that the declaration does not have. */
export function codecOf<M extends Message<any>>(message: M, version: number): Codec<Infer<M>, InferInput<M>> {
  let versions = made.get(message)
  if (versions === undefined) {
    versions = []
    made.set(message, versions)
  }
  const known = versions[version]
  if (known !== undefined) return known
  const codec = make(message, version)
  versions[version] = codec
  return codec
}
