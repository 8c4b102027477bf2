import { expect, test } from 'vitest'
import { textOf } from './broker-log.ts'

test('a denial names who, what, and the right that is missing', () => {
  const denied = { kind: 'denied', client: '10.0.0.7', principal: 'User:app', api: 'OffsetCommit' } as const
  const more = { needs: 'GROUP READ and TOPIC READ', code: 'TOPIC_AUTHORIZATION_FAILED', resources: ['orders', 'clicks'] }
  expect(textOf({ ...denied, ...more })).toBe(
    'denied User:app at 10.0.0.7: OffsetCommit for orders, clicks: TOPIC_AUTHORIZATION_FAILED; it needs GROUP READ and TOPIC READ',
  )
  const onCluster = { needs: 'CLUSTER ALTER', code: 'CLUSTER_AUTHORIZATION_FAILED', resources: [] }
  expect(textOf({ ...denied, ...onCluster, api: 'CreateAcls' })).toBe(
    'denied User:app at 10.0.0.7: CreateAcls: CLUSTER_AUTHORIZATION_FAILED; it needs CLUSTER ALTER',
  )
})

test('compactions and telemetry are not printed', () => {
  expect(textOf({ kind: 'compacted', topic: 't', partition: 0, bytesBefore: 2, bytes: 1, ms: 1 })).toBeUndefined()
})
