/** The errors of stores, locks and ids: what a database could not do. */
import { textOf } from '@tidemark/client/internal'
import { TidemarkError } from '@tidemark/platform'

export const unavailable = (store: string, what: string, cause: unknown): TidemarkError =>
  new TidemarkError('STORE_UNAVAILABLE', `${store} could not ${what}, and may later: ${textOf(cause)}`, { cause })

export const failed = (store: string, what: string, cause: unknown): TidemarkError =>
  new TidemarkError('STORE_FAILED', `${store} could not ${what}: ${textOf(cause)}`, { cause })

/** The code that a driver gave its error: a SQLSTATE, `ER_DUP_ENTRY`, `ECONNRESET`; empty where it gave none. */
export const codeOf = (error: unknown): string => String((error as { code?: unknown } | null)?.code ?? '')

/** Whether the error is one that a store's calls reject with. */
export const isStoreError = (error: unknown, ...codes: readonly StoreErrorCode[]): error is TidemarkError =>
  error instanceof TidemarkError && (codes as readonly string[]).includes(error.code)

export type StoreErrorCode = 'FENCED' | 'STORE_UNAVAILABLE' | 'STORE_FAILED'
