/**
 * The simulated machine, for Tidemark's own simulation: no part of the public API, and it may change with every
 * release.
 */
export { type DiskOperation, SimulatedDisk } from './machine/disk.ts'
export { CALM, type LinkFault, type Middle, Network, type Tap, type Weather } from './machine/network.ts'
export { Process } from './machine/process.ts'
export { SeededRandom } from './machine/random.ts'
export { EPOCH_MS, Scheduler } from './machine/scheduler.ts'
