import type { Platform } from '../platform.ts'
import { nodeClock } from './clock.ts'
import { nodeDisk } from './disk.ts'
import { nodeRandom } from './random.ts'
import { nodeTransport } from './transport.ts'

/** The real machine. */
export const nodePlatform: Platform = {
  clock: nodeClock,
  random: nodeRandom,
  transport: nodeTransport,
  disk: nodeDisk,
}
