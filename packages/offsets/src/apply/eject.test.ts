import type { GroupDescription } from '@tidemark/client'
import { expect, it } from 'vitest'
import { whyNot } from './eject.ts'

const member = { memberId: 'm', instanceId: null, clientId: 'c', host: '/h', assignment: [], assignmentError: undefined }
const group: GroupDescription = {
  groupId: 'g',
  type: 'classic',
  state: 'Stable',
  protocolType: 'consumer',
  protocol: 'range',
  coordinator: 1,
  members: [member],
}

it.each<[Partial<GroupDescription>, RegExp | undefined]>([
  [{}, undefined],
  [{ type: 'consumer' }, /KIP-848/],
  [{ protocolType: 'connect' }, /a group of 'connect'/],
  [{ protocol: 'stream' }, /Kafka Streams/],
  [{ members: [member, { ...member, instanceId: 'one' }] }, /'one' is static/],
])('%j', (change, why) => {
  const text = whyNot({ ...group, ...change })
  if (why === undefined) expect(text).toBeUndefined()
  else expect(text).toMatch(why)
})
