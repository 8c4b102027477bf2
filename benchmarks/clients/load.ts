/** What every client is asked to do. Each lives in a process of its own, which ends with its figures. */

export interface ConsumeLoad {
  readonly brokers: string
  readonly topic: string
  readonly group: string
  readonly count: number
  /** A handler call a record, or a batch a call. */
  readonly kind: 'each' | 'batch'
  /** Called with how many records came, for each call of a handler. */
  readonly took: (records: number) => void
}

export interface ProduceLoad {
  readonly brokers: string
  readonly topic: string
  readonly value: Buffer
}

export interface Client {
  /**
   * In a group, from the start, commits every second. Resolves once `count` records were handled, with what closes it.
   */
  consume(load: ConsumeLoad): Promise<() => Promise<void>>
  /** acks=all, no compression; resolves to what sends so many records and waits for their acknowledgements. */
  produce(load: ProduceLoad): Promise<{ send(count: number): Promise<void>; close(): Promise<void> }>
}

/** Records in flight and of one call of `send`, alike for all. */
export const SENDS_IN_FLIGHT = 4
export const RECORDS_A_SEND = 1000

/** Counts what is handled; `all` resolves once it was so many records. */
export function counting({ count, took }: ConsumeLoad): { handled(records: number): void; readonly all: PromiseWithResolvers<void> } {
  const all = Promise.withResolvers<void>()
  let seen = 0
  const handled = (records: number): void => {
    took(records)
    seen += records
    if (seen >= count) all.resolve()
  }
  return { handled, all }
}

/** Calls `send` with the number of its records until all of `count` were sent, so many at once. */
export async function inFlight(count: number, send: (records: number) => Promise<unknown>): Promise<void> {
  let left = count
  const lane = async (): Promise<void> => {
    while (left > 0) {
      const records = Math.min(left, RECORDS_A_SEND)
      left -= records
      await send(records)
    }
  }
  await Promise.all(Array.from({ length: SENDS_IN_FLIGHT }, lane))
}
