/** One limit for a call of many steps, and so many requests in flight and no more. */
import { type CallLimits, type Kafka, TidemarkError } from '@tidemark/client'
import { handleOf } from '@tidemark/client/internal'

/** The limits of each next step: what is left of the whole call's. */
export type NextLimits = () => CallLimits

export function shrinking(kafka: Kafka, { timeoutMs, signal }: CallLimits): NextLimits {
  const { clock } = handleOf(kafka).platform
  const begunMs = clock.monotonic()
  return () => ({ signal, timeoutMs: timeoutMs === undefined ? undefined : Math.max(1, timeoutMs - (clock.monotonic() - begunMs)) })
}

/** Plain data, so that it is whole in JSON. */
export interface PositionError {
  readonly code: TidemarkError['code']
  readonly message: string
}

/** Errors of the call, not of a group or a partition. */
const ENDS_THE_CALL: ReadonlySet<string> = new Set(['ABORTED', 'CLOSED', 'INVALID_ARGUMENT', 'INVALID_OPTION'])

/** An error as data of the row that it concerns; one that ends the whole call is thrown again. */
export function rowError(error: unknown): PositionError {
  if (!(error instanceof TidemarkError) || ENDS_THE_CALL.has(error.code)) throw error
  return { code: error.code, message: error.message }
}

/**
 * Like `Promise.all(items.map(act))`, with at most `width` at once. The first failure begins no others, and rejects.
 */
export async function inLanes<T, R>(items: readonly T[], width: number, act: (item: T) => Promise<R>): Promise<R[]> {
  const results = new Array<R>(items.length)
  let next = 0
  let failed = false
  const lane = async (): Promise<void> => {
    while (next < items.length && !failed) {
      const i = next++
      try {
        results[i] = await act(items[i]!)
      } catch (error) {
        failed = true
        throw error
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, lane))
  return results
}

/** Items by the node that a request of at most `size` of them goes to. */
export function requestsByNode<T, N>(
  items: readonly T[],
  nodeOf: (item: T) => N,
  size: number,
): { readonly node: N; readonly part: T[] }[] {
  return [...Map.groupBy(items, nodeOf)].flatMap(([node, list]) => chunks(list, size).map((part) => ({ node, part })))
}

export function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size))
}
