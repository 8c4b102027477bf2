import type { Handler } from './handler.ts'
export interface PipelineLimits {
  readonly requestsInFlightMax: number
  readonly outputBufferBytesMax: number
}
export type Begun =
  | {
      readonly kind: 'answer'
      readonly chunks: readonly Uint8Array[]
    }
  | {
      readonly kind: 'handle'
      readonly handler: Handler
      readonly version: number
      readonly correlationId: number
      readonly run: () => unknown
    }
export interface PipelineSide {
  /** Undefined: the frame ended the connection. */
  begin(frame: Buffer): Begun | undefined
  write(chunks: readonly Uint8Array[]): void
  /** Bytes that the client has not taken. */
  readonly buffered: number
  /** Whether the connection is read from. */
  read(on: boolean): void
  /** The handler threw: the connection ends. */
  failed(error: unknown, handler: Handler): void
}
export declare class Pipeline {
  #private
  constructor(side: PipelineSide, limits: PipelineLimits)
  /** Nothing is begun and nothing unanswered. */
  get idle(): boolean
  push(frame: Buffer): void
  /** Begins what may begin, and sends what is answered: after bytes came in, and when the client took some. */
  pump(): void
  /** Sends what is answered; the rest is dropped. */
  close(): void
}
