import { randomUUID } from 'node:crypto'
import type { Random } from '../random.ts'

export const nodeRandom: Random = {
  next: () => Math.random(),
  uuid: () => randomUUID().replaceAll('-', ''),
}
