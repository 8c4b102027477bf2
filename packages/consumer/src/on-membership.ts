/** Wires the decisions of the group to the other parts. */
import { type DrainDeadline, deadlineAt } from './claims/drain.ts'
import type { MembershipListener, ReleaseLimit } from './membership/membership.ts'
import type { SubscriptionListener } from './membership/subscription.ts'
import type { RunParts } from './run-parts.ts'

export function membershipListener(run: RunParts): MembershipListener {
  const { registry, reports } = run
  return {
    assigned(partitions) {
      const wanted = partitions.filter(({ topic }) => run.feed.reads(topic))
      if (wanted.length < partitions.length) {
        const foreign = partitions.filter(({ topic }) => !run.feed.reads(topic)).map(({ topic, partition }) => `${topic}-${partition}`)
        reports.warning('foreign assignment', `the group's leader assigned ${foreign.join(', ')}, which this member did not subscribe to`)
      }
      const claims = wanted.flatMap(({ topic, partition }) => registry.take(topic, partition, run.cluster.topic(topic)?.id) ?? [])
      run.placement.place(claims)
    },

    giveUp: (partitions, reason, limit) => run.drain.giveUp(partitions, reason, run.ending.limited(deadlineOf(limit))),

    hasten: (limit) => run.drain.hasten(deadlineOf(limit)),

    lost(partitions) {
      for (const { topic, partition } of partitions) {
        const claim = registry.get(topic, partition)
        if (claim !== undefined) registry.end(claim, 'lost')
      }
    },

    joined: (generation) => run.emit({ kind: 'joined', generation, memberId: run.membership.identity.memberId }),

    rebalancing: (rebalancing) => run.committer.setRebalancing(rebalancing),

    commitBeforeJoin: () => run.committer.commitDue(),

    trusted() {
      for (const claim of registry.all()) run.feed.worker(claim).wake(claim)
    },

    failing: (request, error, attempts) => reports.failing(request, error, attempts),

    warning: (cause, text) => reports.warning(cause, text),

    failed: (error) => run.ending.failWith(error),

    left: () => run.ending.finish(),
  }
}

const deadlineOf = ({ beginMs, timeoutMs }: ReleaseLimit): DrainDeadline => deadlineAt(beginMs + timeoutMs, timeoutMs)

export function subscriptionListener(run: RunParts): SubscriptionListener {
  return {
    changed: () => run.membership.subscriptionChanged(),
    unmatched: (pattern) => run.reports.patternUnmatched(pattern),
    failing: (error, attempts) => run.reports.failing('Metadata', error, attempts),
    failed: (error) => run.ending.failWith(error),
  }
}
