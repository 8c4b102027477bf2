/** The parts of a run, as those that connect them see each other. */
import type { Cluster } from '@tidemark/client/internal'
import type { Clock } from '@tidemark/platform'
import type { Claim } from './claims/claim.ts'
import type { Drain } from './claims/drain.ts'
import type { Poison } from './claims/guard.ts'
import type { Guards } from './claims/guards.ts'
import type { Moves } from './claims/moves.ts'
import type { Placement } from './claims/placement.ts'
import type { ClaimRegistry } from './claims/registry.ts'
import type { Committer } from './commit/committer.ts'
import type { Ending } from './ending.ts'
import type { ConsumerEvent } from './events.ts'
import type { Feed } from './intake/feed.ts'
import type { Membership } from './membership/membership.ts'
import type { Subscription } from './membership/subscription.ts'
import type { ResolvedOptions } from './options.ts'
import type { Reports } from './reports.ts'
import type { Tally } from './tally.ts'
import type { DeadLetters } from './work/dead-letters.ts'

export interface RunParts {
  readonly options: ResolvedOptions
  readonly cluster: Cluster
  readonly clock: Clock
  readonly registry: ClaimRegistry
  readonly placement: Placement
  readonly moves: Moves
  readonly feed: Feed
  readonly drain: Drain
  readonly committer: Committer<Claim>
  readonly deadLetters: DeadLetters
  readonly guards: Guards
  /** Undefined: records that kill their process are not looked for in this topic. */
  poisonOf(topic: string): Poison | undefined
  readonly membership: Membership
  readonly subscription: Subscription
  readonly reports: Reports
  readonly ending: Ending
  readonly tally: Tally
  emit(event: ConsumerEvent): void
}
