/** zod, valibot and arktype by the Standard Schema interface: what they infer, what they return, what they refuse. */
import { type } from 'arktype'
import * as v from 'valibot'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { json, text } from './codecs.ts'
import { SchemaMismatch } from './standard-schema.ts'
import { type Topic, topic } from './topic.ts'

const zodOrders = topic('orders', {
  key: text(),
  value: json(z.object({ id: z.number(), at: z.iso.date().transform((d) => new Date(d)) })),
})
const valibotOrders = topic('orders', {
  key: text(),
  value: json(
    v.object({
      id: v.number(),
      at: v.pipe(
        v.string(),
        v.isoDate(),
        v.transform((d) => new Date(d)),
      ),
    }),
  ),
})
const arktypeOrders = topic('orders', { key: text(), value: json(type({ id: 'number', at: 'string.date.iso.parse' })) })

interface In {
  id: number
  at: string
}
interface Out {
  id: number
  at: Date
}
type Orders = Topic<string, In, string, Out>

describe.each<[string, Orders]>([
  ['zod', zodOrders],
  ['valibot', valibotOrders],
  ['arktype', arktypeOrders],
])('%s', (_, { value }) => {
  test('what is written is what the schema takes, what is read is what it returns', () => {
    const bytes = Buffer.from(value.encode({ id: 1, at: '2026-01-02' }) as string)
    expect(bytes.toString()).toBe('{"id":1,"at":"2026-01-02"}')
    expect(value.decode(bytes)).toEqual({ id: 1, at: new Date('2026-01-02') })
  })

  test('what does not match is refused in both directions, with the path', () => {
    expect(() => value.encode({ id: 'x' as never, at: '2026-01-02' })).toThrow(SchemaMismatch)
    try {
      value.decode(Buffer.from('{"id":"x","at":"2026-01-02"}'))
      expect.unreachable()
    } catch (error) {
      expect(error).toBeInstanceOf(SchemaMismatch)
      expect((error as SchemaMismatch).issues).toHaveLength(1)
      expect((error as SchemaMismatch).message).toMatch(/^it does not match the schema: id: /)
    }
  })
})

test('the types are inferred', () => {
  for (const orders of [zodOrders, valibotOrders, arktypeOrders]) {
    expectTypeOf(orders.value.decode).returns.toEqualTypeOf<Out | Promise<Out>>()
    expectTypeOf(orders.value.encode).parameter(0).toEqualTypeOf<In>()
  }
})
