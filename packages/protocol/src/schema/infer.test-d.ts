import { expectTypeOf, test } from 'vitest'
import type { ProduceRequest as ProduceSchema } from '../messages/00-produce.ts'
import type { MetadataResponse } from '../messages/03-metadata.ts'
import type { OffsetCommitRequest, OffsetCommitRequest as Schema } from '../messages/08-offset-commit.ts'
import type { InitProducerIdResponse } from '../messages/22-init-producer-id.ts'
import type { InferInput } from './infer.ts'

type Commit = InferInput<typeof Schema>

test('decoding yields every field of every version', () => {
  expectTypeOf<OffsetCommitRequest['groupInstanceId']>().toEqualTypeOf<string | null>()
  expectTypeOf<OffsetCommitRequest['topics'][number]['partitions'][number]['committedOffset']>().toEqualTypeOf<number>()
  expectTypeOf<MetadataResponse['topics'][number]['partitions'][number]['isrNodes']>().toEqualTypeOf<number[]>()
  expectTypeOf<InitProducerIdResponse['producerId']>().toEqualTypeOf<bigint>()
})

test('encoding may leave out what has a default, and nothing else', () => {
  expectTypeOf<{ groupId: string; topics: [] }>().toExtend<Commit>()
  expectTypeOf<{ topics: [] }>().not.toExtend<Commit>()
  expectTypeOf<{ groupId: number; topics: [] }>().not.toExtend<Commit>()
})

test('records are written from one buffer or several', () => {
  type Records = InferInput<typeof ProduceSchema>['topicData'][number]['partitionData'][number]['records']
  expectTypeOf<Buffer[]>().toExtend<Records>()
  expectTypeOf<Uint8Array>().toExtend<Records>()
  expectTypeOf<null>().toExtend<Records>()
})
