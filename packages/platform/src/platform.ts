import type { Clock } from './clock.ts'
import type { Disk } from './disk.ts'
import type { Random } from './random.ts'
import type { Transport } from './transport.ts'

/** The machine as Tidemark sees it. The same code runs on the real one and on the simulated one. */
export interface Platform {
  readonly clock: Clock
  readonly random: Random
  readonly transport: Transport
  readonly disk: Disk
}
