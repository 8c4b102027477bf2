export { formatAddress, isLoopback, isWildcard, parseAddress } from './address.ts'
export { type Advice, advice, adviseWith } from './advice.ts'
export { put, restOf } from './arrival.ts'
export {
  checkFunction,
  checkName,
  checkOffset,
  checkOptions,
  checkPartition,
  checkSignal,
  checkTime,
  countOption,
  type Delays,
  DURATION_MS_MAX,
  delaysOption,
  describe,
  durationOption,
  flagOption,
  nameOption,
  nearest,
  type OptionNames,
  timeOption,
  wordOption,
} from './check.ts'
export { type Clock, sleep, type Timer } from './clock.ts'
export { type Disk, type File, type Lock, lockWithin, type Now, replaceFile } from './disk.ts'
export { DiskError, type ErrorDetails, type OwnErrorCode, type PartitionPlace, TidemarkError, type TidemarkErrorCode } from './error.ts'
export { Fifo } from './fifo.ts'
export { listenError } from './listen-error.ts'
export { nodeClock } from './node/clock.ts'
export { makeFolder, nodeDisk } from './node/disk.ts'
export { nodePlatform } from './node/platform.ts'
export { nodeRandom } from './node/random.ts'
export { readBytes } from './node/read-bytes.ts'
export { type ScramHash, saltedPassword, saslCrypto, secretBytes } from './node/sasl-crypto.ts'
export { sha256 } from './node/sha256.ts'
export { nodeTransport } from './node/transport.ts'
export type { Platform } from './platform.ts'
export { below, type Random } from './random.ts'
export { counted, numberText } from './text.ts'
export type { Address, Connection, ConnectionHandlers, ConnectTls, Listener, ListenTls, TlsIdentity, Transport } from './transport.ts'
