import { expect, it } from 'vitest'
import { otherCluster } from './other-cluster.ts'

it('is named once, by its own options', () => {
  expect(otherCluster({ toBrokers: 'a:1', toProfile: 'p' })).toEqual({ brokers: 'a:1', profile: 'p' })
  expect(() => otherCluster({})).toThrow('name the other cluster: --to-brokers, --to-profile or --to-command-config')
  expect(() => otherCluster({ toProfile: 'p', toCommandConfig: 'f' })).toThrow('--to-profile and --to-command-config exclude each other')
})
