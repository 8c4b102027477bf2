/**
 * A broker that is several nodes: how many, how many replicas topics have, and what happens to nodes and leaders. Drawn
 * apart from the rest, by a chance of its own: a run of one node is the same as if there were no nodes to draw.
 */
import { SeededRandom } from '@tidemark/testing/internal'
import type { Plan } from './plan.ts'

export const nodeVerbs = [
  'stop a node',
  'stop the coordinator',
  'restart the nodes in turn',
  'move a leader',
  'move leaders again and again',
  'move the coordinator',
  'elect the preferred leaders',
  'reassign',
  'cut a node off',
  'slow a node down',
] as const
export type NodeVerb = (typeof nodeVerbs)[number]

/** What is under way when a verb is tried, beside those that come at any time. */
export const nodeMoments = ['join', 'sync', 'commit', 'send', 'fetch', 'handler'] as const
export type NodeMoment = (typeof nodeMoments)[number]

export interface NodesPlan {
  /** 1 to 3. */
  readonly count: number
  /** Of each topic; of as many nodes at most. */
  readonly replicas: number
  readonly verbs: readonly NodeVerb[]
  readonly everyMs: number
  readonly moments: readonly NodeMoment[]
  /** How often a verb is tried at such a moment. */
  readonly momentChance: number
  /**
   * It stops, and stays so: every partition has a replica elsewhere. Undefined: those that stop come back. `fromMs`
   * Infinity: when nothing else goes wrong any more.
   */
  readonly gone: { readonly node: number; readonly fromMs: number } | undefined
  /** Where the nodes are; null: that node does not say. Empty: none does. */
  readonly racks: readonly (string | null)[]
  /** Where members are, in turn; undefined: that member does not say. Empty: none does. */
  readonly memberRacks: readonly (string | undefined)[]
  /** How many nodes clients know of before they ask. */
  readonly bootstrap: number
  /** With the longer one nothing but refusals tells clients that a leader moved. */
  readonly metadataMaxAgeMs: number
}

const ONE: NodesPlan = {
  count: 1,
  replicas: 1,
  verbs: [],
  everyMs: 0,
  moments: [],
  momentChance: 0,
  gone: undefined,
  racks: [],
  memberRacks: [],
  bootstrap: 1,
  metadataMaxAgeMs: 2_000,
}

/** `pinned`: so many nodes, whatever the seed says. */
export function nodesOf(seed: number, pinned?: number): NodesPlan {
  const random = new SeededRandom(seed ^ 0x40de5)
  const drawn = random.chance(0.5) ? 1 : 2 + random.below(2)
  const count = pinned ?? drawn
  if (count === 1) return ONE
  const some = <T>(all: readonly T[], chance: number): T[] => all.filter(() => random.chance(chance))
  const gone = goneOf(seed, count)
  // Each partition has a replica elsewhere, and keeps it.
  const verbs = some(nodeVerbs, 0.4).filter((verb) => gone === undefined || verb !== 'reassign')
  const replicas = 1 + random.below(count)
  return {
    count,
    replicas: gone === undefined ? replicas : count,
    verbs: verbs.length > 0 ? verbs : ['stop a node', 'move a leader'],
    everyMs: 100 + random.below(900),
    moments: random.chance(0.6) ? some(nodeMoments, 0.4) : [],
    momentChance: random.chance(0.3) ? 0.2 : 0.03,
    gone,
    ...racksOf(seed, count),
    bootstrap: random.chance(0.5) ? count : 1,
    metadataMaxAgeMs: random.chance(0.5) ? 2_000 : 300_000,
  }
}

/** Drawn apart. Not the first node, which may be the only one that clients know of before they ask. */
function goneOf(seed: number, count: number): NodesPlan['gone'] {
  const random = new SeededRandom(seed ^ 0x60e)
  return random.chance(0.35)
    ? { node: 2 + random.below(count - 1), fromMs: random.chance(0.3) ? random.below(3_000) : Infinity }
    : undefined
}

/** Drawn apart too: racks change who gets which partition, and nothing of what happens to nodes. */
function racksOf(seed: number, count: number): Pick<NodesPlan, 'racks' | 'memberRacks'> {
  const random = new SeededRandom(seed ^ 0x7ac5)
  if (random.chance(0.4)) return { racks: [], memberRacks: [] }
  const names = ['rack-a', 'rack-b', 'rack-c'].slice(0, 2 + random.below(2))
  const some = (chance: number): string | undefined => (random.chance(chance) ? names[random.below(names.length)] : undefined)
  const nodeChance = random.chance(0.7) ? 1 : 0.6
  const memberChance = random.chance(0.7) ? 1 : 0.5
  return {
    racks: Array.from({ length: count }, () => some(nodeChance) ?? null),
    memberRacks: Array.from({ length: 6 }, () => some(memberChance)),
  }
}

export const withNodes = (plan: Plan, seed: number, pinned?: number): Plan => ({ ...plan, nodes: nodesOf(seed, pinned) })
