/**
 * Frames that kcat 1.7.1 and kafkajs 2.2.4 sent, and the answers they understood: read, and written again byte for
 * byte.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { apis } from './apis.ts'
import { decodeRequest, decodeResponse, encodeRequest, encodeResponse, peekRequest, peekResponse } from './frames.ts'

interface Golden {
  readonly client: string
  readonly api: keyof typeof apis
  readonly version: number
  readonly kind: 'request' | 'response'
  readonly hex: string
}

const golden = JSON.parse(readFileSync(new URL('./fixtures/golden.json', import.meta.url), 'utf8')) as Golden[]

describe('golden bytes', () => {
  test.each(golden.map((g) => [g.client, g.api, g.version, g.kind, g] as const))('%s: %s %i %s', (_client, name, version, kind, g) => {
    const api = apis[name]
    const frame = Buffer.from(g.hex, 'hex')
    const again =
      kind === 'request'
        ? (() => {
            const { clientId, body } = decodeRequest(api, version, frame)
            return encodeRequest(api, version, peekRequest(frame).correlationId, clientId, body as never)
          })()
        : encodeResponse(api, version, peekResponse(frame), decodeResponse(api, version, frame) as never)
    expect(Buffer.concat(again).subarray(4).toString('hex')).toBe(g.hex)
  })
})

test('bytes behind a request are ignored, as by Kafka: librdkafka 2.15.1 sends three with Metadata 13 for all topics', () => {
  const frame = Buffer.from('0003000d00000003001030303335', 'hex')
  const sent = Buffer.concat([frame, Buffer.from('_api_version'), Buffer.from('0000000000010000', 'hex')])
  const { clientId, body } = decodeRequest(apis.Metadata, 13, sent)
  expect(clientId).toBe('0035_api_version')
  expect(body).toMatchObject({ topics: null, allowAutoTopicCreation: false, includeTopicAuthorizedOperations: false })
})
