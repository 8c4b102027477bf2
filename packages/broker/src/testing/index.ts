/** What the tests of this package share. */
export { type BatchWish, batchOf, text } from './batch.ts'
export { ManualClock } from './clock.ts'
export { type DiskSpy, slowDisk, spiedDisk, temporaryFolder } from './disk.ts'
export { RawClient } from './raw-client.ts'
