/**
 * Bugs to be planted in the real files: each is one that a runtime or a broker has had, and the simulation must
 * notice each within 100 seeds. Not planted, since runs of this kind cannot show them: the cost of a listener (17),
 * memory in bytes (16), and drains that last too long (7, and the second waiter of 8): these have unit tests.
 */
import { brokerPlants } from './broker.ts'
import { clientPlants } from './client.ts'
import { consumerPlants } from './consumer.ts'
import type { Plant } from './planted.ts'

export const plants: readonly Plant[] = [...brokerPlants, ...consumerPlants, ...clientPlants]
