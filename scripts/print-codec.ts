/** `npm run codec OffsetCommitRequest 8` prints the code that encodes and decodes a message at a version. */
import { apis } from '@tidemark/protocol'
import { print } from '../packages/protocol/src/codec/compile.ts'

const [name, version] = process.argv.slice(2)
const message = Object.values(apis)
  .flatMap((api) => [api.request, api.response])
  .find((m) => m.name === name)
if (message === undefined || !/^\d+$/.test(version ?? '')) {
  console.error('usage: npm run codec MESSAGE VERSION, as in: npm run codec OffsetCommitRequest 8')
  process.exit(2)
}
console.log(print(message, Number(version)).source)
