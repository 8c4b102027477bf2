import { expect, test } from 'vitest'
import { simulate } from './simulate.ts'

test('the real broker, client and consumer in the simulated world hold under the plain seeds 41 to 100', async () => {
  for (let seed = 41; seed <= 100; seed++) {
    const { violation } = await simulate(seed, undefined, { everything: false })
    expect(violation, `npm run sim -- --plain --seed ${seed}`).toBeUndefined()
  }
})
