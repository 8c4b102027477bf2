/**
 * The declarative schema of a Kafka message.
 *
 * A schema is plain data (no functions inside), so one declaration serves the encoder, the decoder, the
 * TypeScript type, the fuzz generator and the printed documentation.
 */
import type { Records, Rows, Struct } from './infer.ts'
import { type Range, range, type Versions } from './versions.ts'

export type Kind =
  | 'bool'
  | 'int8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'int64'
  | 'offset'
  | 'float64'
  | 'uuid'
  | 'string'
  | 'bytes'
  | 'records'
  | 'array'
  | 'struct'

export interface Options {
  /** Versions that carry the field at all. Default: all. */
  readonly versions?: Versions
  /** Versions in which the value may be null. Default: none. */
  readonly nullable?: Versions
  /** The tag number of a tagged field (flexible versions only). */
  readonly tag?: number
  /** What a reader sees when the version does not carry the field, and what a writer may leave out. */
  readonly default?: unknown
  /** `false` keeps the old length prefix even in flexible versions (RequestHeader.clientId). */
  readonly compact?: false
}

type Presence = 'required' | 'optional'

/** `Out` is what decoding yields; `P` says whether an encoder may leave the field out. */
export interface Field<Out = unknown, P extends Presence = Presence> {
  readonly kind: Kind
  readonly options: Options
  readonly element?: Field
  readonly fields?: Fields
  /** Types only; never set. */
  readonly '~out'?: Out
  readonly '~presence'?: P
}

export type Fields = { readonly [name: string]: Field }

type Nullable<O, T> = O extends { nullable: string } ? T | null : T
type PresenceOf<O> = O extends { default: unknown } ? 'optional' : 'required'
type Of<O extends Options, T> = Field<Nullable<O, T>, PresenceOf<O>>

const scalar =
  (kind: Kind) =>
  (options: Options = {}): Field<any, any> => ({ kind, options })

type Scalar<T> = {
  (): Field<T, 'required'>
  <const O extends Options>(options: O): Of<O, T>
}

export const bool = scalar('bool') as Scalar<boolean>
export const int8 = scalar('int8') as Scalar<number>
export const int16 = scalar('int16') as Scalar<number>
export const uint16 = scalar('uint16') as Scalar<number>
export const int32 = scalar('int32') as Scalar<number>
/** An opaque int64 (producer ids, epochs of brokers): a bigint. */
export const int64 = scalar('int64') as Scalar<bigint>
/**
 * An int64 that is a log position or a time: a number. Written only if safe; a received one that is not safe is NaN.
 */
export const offset = scalar('offset') as Scalar<number>
export const float64 = scalar('float64') as Scalar<number>
/** 32 hexadecimal digits. */
export const uuid = scalar('uuid') as Scalar<string>
export const string = scalar('string') as Scalar<string>
export const bytes = scalar('bytes') as Scalar<Buffer>
/** Record batches: a view on the bytes; one or several buffers when written. */
export const records = scalar('records') as Scalar<Records>

export function array<T>(element: Field<T, any>): Field<T[], 'required'>
export function array<T, const O extends Options>(element: Field<T, any>, options: O): Of<O, T[]>
export function array<const F extends Fields>(fields: F): Field<Rows<F>, 'required'>
export function array<const F extends Fields, const O extends Options>(fields: F, options: O): Of<O, Rows<F>>
export function array(element: Field | Fields, options: Options = {}): Field<any, any> {
  const isField = typeof (element as Field).kind === 'string'
  return { kind: 'array', options, element: isField ? (element as Field) : struct(element as Fields) }
}

export function struct<const F extends Fields>(fields: F): Field<Struct<F>, 'required'>
export function struct<const F extends Fields, const O extends Options>(fields: F, options: O): Of<O, Struct<F>>
export function struct(fields: Fields, options: Options = {}): Field<any, any> {
  return { kind: 'struct', options, fields }
}

export interface Message<F extends Fields = Fields> {
  readonly name: string
  /** Kafka's API key; -1 for what is neither request nor response: headers, embedded protocols, records of a log. */
  readonly apiKey: number
  readonly versions: Range
  /** The first flexible version, or Infinity. */
  readonly flexibleFrom: number
  readonly fields: F
}

export function message<const F extends Fields>(
  name: string,
  head: { apiKey?: number; versions: Versions; flexible: Versions | 'none' },
  fields: F,
): Message<F> {
  return {
    name,
    apiKey: head.apiKey ?? -1,
    versions: range(head.versions),
    flexibleFrom: head.flexible === 'none' ? Number.POSITIVE_INFINITY : range(head.flexible)[0],
    fields,
  }
}
