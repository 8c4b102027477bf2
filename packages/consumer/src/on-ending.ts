/** Wires the end of a run to the other parts. */
import { textOf } from '@tidemark/client/internal'
import type { EndingListener } from './ending.ts'
import type { RunParts } from './run-parts.ts'

export function endingListener(run: RunParts): EndingListener {
  return {
    stop(deadline) {
      for (const claim of [...run.registry.all()]) run.registry.drain(claim, 'shutdown')
      run.drain.hasten(deadline)
      run.membership.stop()
    },

    abandon: () => run.membership.abandon(),

    end() {
      run.subscription.stop()
      for (const claim of [...run.registry.all()]) run.registry.end(claim, 'shutdown')
    },

    failing(error, leftMs) {
      const left = leftMs === Number.POSITIVE_INFINITY ? '' : `, for ${Math.round(leftMs / 1_000)} s at most`
      run.reports.warning('is failing', `the run fails, and waits for what is running${left}: ${textOf(error)}`, error)
    },
  }
}
