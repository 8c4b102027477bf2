/** A test file of node:test, run by `hooks.e2e.test.ts`. */
import assert from 'node:assert/strict'
import { after, afterEach, before, test } from 'node:test'
import { useTestKafka } from '../index.ts'

const t = useTestKafka({ before, afterEach, after })

test('the first', async () => {
  await t.seed('orders', ['1'])
  assert.equal((await t.produced('orders')).length, 1)
})

test('the second sees nothing of it', async () => {
  await t.seed('orders', [])
  assert.equal((await t.produced('orders')).length, 0)
})
