import { object, topicName } from './schemas.ts'

/** What a plan is about. */
export const scope = {
  anyOf: [
    { const: 'all' },
    {
      type: 'array',
      maxItems: 10_000,
      items: object({ topic: topicName, partitions: { anyOf: [{ const: 'all' }, { type: 'array', items: { type: 'integer' } }] } }, [
        'topic',
        'partitions',
      ]),
    },
  ],
} as const
