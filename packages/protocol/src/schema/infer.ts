/** The TypeScript types that a declaration implies: what decoding yields, and what encoding takes. */
import type { RecordsInput } from '../wire/writer.ts'
import type { Field, Fields, Message } from './fields.ts'

/** A tagged field that this declaration does not know: kept, and written back (KIP-482). */
export interface UnknownTag {
  readonly tag: number
  readonly bytes: Uint8Array
}

type Flat<T> = { [K in keyof T]: T[K] } & {}
type OutOf<F> = F extends Field<infer O, any> ? O : never
type OptionalKeys<F extends Fields> = {
  [K in keyof F]: F[K] extends Field<any, 'optional'> ? (F[K] extends Field<any, 'required'> ? never : K) : never
}[keyof F]

// Markers keep the field record reachable from the output type, so that Encodable can recurse into it.
declare const rows: unique symbol
declare const fieldsOf: unique symbol
declare const recordBytes: unique symbol
export type Rows<F extends Fields> = Decoded<F>[] & { readonly [rows]?: F }
export type Struct<F extends Fields> = Decoded<F> & { readonly [fieldsOf]?: F }
export type Records = Buffer & { readonly [recordBytes]?: true }

/** A decoded message: every field of every version is present. */
export type Decoded<F extends Fields> = Flat<
  { -readonly [K in keyof F]: OutOf<F[K]> } & { unknownTags?: readonly UnknownTag[] | undefined }
>

/** A message to encode: a field with a default may be left out. */
export type Encodable<F extends Fields> = Flat<
  { readonly [K in Exclude<keyof F, OptionalKeys<F>>]: Loose<OutOf<F[K]>> } & {
    readonly [K in OptionalKeys<F>]?: Loose<OutOf<F[K]>> | undefined
  } & { readonly unknownTags?: readonly UnknownTag[] | undefined }
>

type Loose<T> = T extends { readonly [recordBytes]?: true } & Buffer
  ? RecordsInput
  : T extends Buffer
    ? Uint8Array
    : T extends Rows<infer F extends Fields>
      ? readonly Encodable<F>[]
      : T extends Struct<infer F extends Fields>
        ? Encodable<F>
        : T extends readonly (infer E)[]
          ? readonly E[]
          : T

export type Infer<M extends Message<any>> = Decoded<M['fields']>
export type InferInput<M extends Message<any>> = Encodable<M['fields']>
