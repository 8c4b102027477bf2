/** What a run is like: drawn from its seed, so that each run tries another mixture (swarm testing). */

import type { DiskOperation, Weather } from '@tidemark/testing/internal'
import { SeededRandom } from '@tidemark/testing/internal'
import type { Everything } from './everything.ts'
import { type NodesPlan, nodesOf } from './nodes.ts'

export interface Plan {
  readonly partitions: number
  readonly members: number
  readonly producers: number
  readonly recordsPerProducer: number
  readonly keys: number
  readonly order: 'partition' | 'key' | 'none'
  readonly concurrency: number
  readonly batches: boolean
  readonly assignors: readonly ('cooperative-sticky' | 'range' | 'roundrobin')[]
  readonly staticMembers: boolean
  readonly fsync: 'never' | 'interval' | 'always'
  /**
   * Whether a crash of the broker may be one of the machine. Only with `fsync: always` does that keep what was
   * acknowledged.
   */
  readonly powerLoss: boolean
  readonly workMs: readonly [number, number]
  readonly failChance: number
  readonly weather: Weather
  readonly segmentBytesMax: number
  /** What a log may grow before its index is saved. */
  readonly recoveryBytesMax: number
  readonly checkpointIntervalRecords: number
  /** With few of them fetchers begin theirs again and again, or have none. */
  readonly fetchSessionsMax: number
  /** What a commit may carry as metadata. */
  readonly metadataCharsMax: number
  /** Faults happen until then. */
  readonly faultsUntilMs: number
  /** The mean pause between two faults. */
  readonly faultEveryMs: number
  readonly faults: {
    readonly brokerCrash: number
    readonly memberCrash: number
    readonly memberStop: number
    readonly memberRestart: number
    readonly memberJoin: number
    readonly diskFault: number
  }
  /** What the disk can do wrong, besides losing what was not synced. */
  readonly disk: DiskPlan
  /** The nodes that the broker is. */
  readonly nodes: NodesPlan
  /** What the users of consumers and producers do beyond running: undefined in plain runs. */
  readonly everything?: Everything
}

export function planOf(random: SeededRandom): Plan {
  const fsync = (['always', 'always', 'interval', 'never'] as const)[random.below(4)]!
  const rough = random.chance(0.7)
  const on = (weight: number): number => (random.chance(0.75) ? weight : 0)
  return {
    partitions: 1 + random.below(5),
    members: 1 + random.below(4),
    producers: 1 + random.below(2),
    recordsPerProducer: 20 + random.below(100),
    keys: 1 + random.below(8),
    order: (['partition', 'key', 'key', 'none'] as const)[random.below(4)]!,
    concurrency: 1 + random.below(20),
    batches: random.chance(0.15),
    assignors: random.chance(0.75)
      ? ['cooperative-sticky', 'range', 'roundrobin']
      : ([['range'], ['roundrobin']] as const)[random.below(2)]!,
    staticMembers: random.chance(0.2),
    fsync,
    powerLoss: fsync === 'always',
    workMs: [0, random.chance(0.3) ? 120 : 15],
    failChance: random.chance(0.4) ? 0.08 : 0,
    weather: {
      latencyMs: [0.05, 2],
      lateChance: rough ? 0.02 : 0,
      lateMs: [20, 250],
      breakChance: rough ? 0.004 : 0,
    },
    segmentBytesMax: random.chance(0.5) ? 2_000 : 1_000_000,
    recoveryBytesMax: 1_000_000,
    checkpointIntervalRecords: 5 + random.below(100),
    fetchSessionsMax: 1_000,
    metadataCharsMax: 4096,
    faultsUntilMs: 2_000 + random.below(4_000),
    faultEveryMs: 150 + random.below(600),
    faults: { brokerCrash: on(2), memberCrash: on(2), memberStop: on(1), memberRestart: on(2), memberJoin: on(1), diskFault: 0 },
    disk: { full: 0, failing: [] },
    nodes: nodesOf(0, 1),
  }
}

export interface DiskPlan {
  /** How probably a fault of the disk is that it is full; otherwise one of `failing` fails. */
  readonly full: number
  readonly failing: readonly DiskOperation[]
}

const OPERATIONS: readonly DiskOperation[] = [
  'open',
  'create',
  'read',
  'write',
  'write',
  'truncate',
  'sync',
  'sync',
  'syncFolder',
  'rename',
  'unlink',
  'list',
  'makeFolder',
  'removeFolder',
]

/**
 * Faults of the disk, in every third run or so, and indexes that are saved often in these. They are drawn apart from
 * the rest, so that a seed gives the same run with them as without them until the first one happens.
 */
export function withDiskFaults(plan: Plan, seed: number): Plan {
  const random = new SeededRandom(seed ^ 0x0d15c)
  if (!random.chance(0.35)) return plan
  const full = random.chance(0.5) ? random.next() : 0
  const failing = random.chance(0.3) ? [OPERATIONS[random.below(OPERATIONS.length)]!] : OPERATIONS
  const faults = { ...plan.faults, diskFault: 1 + random.below(4) }
  return { ...plan, disk: { full, failing }, faults, recoveryBytesMax: 200 << random.below(10) }
}

/** A broker that takes little metadata, in every fourth run or so: drawn apart too. */
export function withLittleMetadata(plan: Plan, seed: number): Plan {
  const random = new SeededRandom(seed ^ 0x3e7ada)
  return random.chance(0.25) ? { ...plan, metadataCharsMax: random.below(80) } : plan
}

/** A broker of few fetch sessions, or none, in every third run or so: drawn apart too. */
export function withFewFetchSessions(plan: Plan, seed: number): Plan {
  const random = new SeededRandom(seed ^ 0xfe7c4)
  return random.chance(0.35) ? { ...plan, fetchSessionsMax: random.below(4) } : plan
}
