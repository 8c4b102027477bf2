import type { Handler } from '../dispatch/handler.ts'
import type { HandlerTable } from '../dispatch/table.ts'
export type Parsed =
  | {
      readonly kind: 'request'
      readonly handler: Handler
      readonly version: number
      readonly correlationId: number
      readonly clientId: string | null
      readonly body: unknown
    }
  | {
      readonly kind: 'answer'
      readonly chunks: readonly Uint8Array[]
    }
  | {
      readonly kind: 'refuse'
      readonly why: string
    }
export declare function parse(frame: Buffer, table: HandlerTable): Parsed
