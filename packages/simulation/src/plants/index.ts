/**
 * Bugs to be planted in the real files: each is one that a runtime or a broker has had, and the simulation must notice each within
 * 100 seeds in which everything is drawn.
 */
import { brokerPlants } from './broker.ts'
import { clientPlants } from './client.ts'
import { consumerPlants } from './consumer.ts'
import type { Plant } from './planted.ts'

export const plants: readonly Plant[] = [...brokerPlants, ...consumerPlants, ...clientPlants]
