import type { FetcherOptions } from './types.ts'

const MIB = 1024 * 1024

/** The caller has checked the values: fetchers are made by our own packages. */
export const resolveFetcherOptions = (options: FetcherOptions): Required<FetcherOptions> => ({
  isolation: options.isolation ?? 'read_uncommitted',
  waitMaxMs: options.waitMaxMs ?? 500,
  bytesMin: options.bytesMin ?? 1,
  bytesMax: options.bytesMax ?? 16 * MIB,
  partitionBytesMax: options.partitionBytesMax ?? MIB,
  bufferBytesMax: options.bufferBytesMax ?? 64 * MIB,
  rack: options.rack ?? '',
  sessions: options.sessions ?? true,
  checkCrc: options.checkCrc ?? true,
})
