import { expect, test } from 'vitest'
import { placeOf } from './takeover.ts'

const at = (offset: number, leaderEpoch = 0) => ({ offset, leaderEpoch })

test('a claim begins behind what is done without a gap, and knows what is done above', () => {
  expect(placeOf('id', at(5), [])).toEqual({ position: at(5), restored: undefined })
  expect(placeOf('id', at(5), [at(5), at(6, 2)])).toEqual({ position: at(7, 2), restored: undefined })
  const restored = { topicId: 'id', base: 6, top: 10, open: [6, 8], leaderEpoch: 3 }
  expect(placeOf('id', at(5, 1), [at(5), at(7), at(9, 3)])).toMatchObject({ position: at(6, 1), restored })
})
