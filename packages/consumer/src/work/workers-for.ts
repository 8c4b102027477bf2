/** What carries each work out: records by order, in batches, or as streams that their reader marks. */
import type { Clock, Random } from '@tidemark/platform'
import { type Routes, routesTo } from '../selection.ts'
import { ByBatch } from './by-batch.ts'
import { ByClaim } from './by-claim.ts'
import { ByOrder } from './by-order.ts'
import type { Work, Worker, WorkListener } from './work.ts'

/** The workers of one run, by topic. */
export const workersFor = (works: readonly Work[], listener: WorkListener, clock: Clock, random: Random): Routes<Worker> =>
  routesTo(works, (work) => workerFor(work, listener, clock, random))

export function workerFor(work: Work, listener: WorkListener, clock: Clock, random: Random): Worker {
  switch (work.kind) {
    case 'each': {
      const worker = new ByOrder(work, listener, clock, random)
      work.pull?.attach(worker)
      return worker
    }
    case 'batches':
      return new ByBatch(work, listener, clock, random)
    case 'claims':
      return new ByClaim(work, listener)
  }
}
