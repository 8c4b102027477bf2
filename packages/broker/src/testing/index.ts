/** What the tests of this package share. */
export { ManualClock } from '@tidemark/platform/testing'
export { type BatchWish, batchOf, text } from './batch.ts'
export { type DiskSpy, slowDisk, spiedDisk, temporaryFolder } from './disk.ts'
export { RawClient } from './raw-client.ts'
