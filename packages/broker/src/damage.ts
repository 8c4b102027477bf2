/** What is not as a broker left it, and what can be done about it: that depends on what the log is of. */
import { DiskError, TidemarkError } from '@tidemark/platform'

const INTERNAL = /(?:^|\/)internal\/(__[^/]+)\//
const METADATA = '__cluster_metadata'
/** `topics/orders.1f0c9a55b3d24e86/0/…` */
const OF_TOPIC = /(?:^|\/)topics\/(.+)\.[0-9a-f]+\/\d+(?:\/|$)/

/** For a file of a log, or the log as errors name it. */
export function adviceFor(path: string): string {
  const internal = INTERNAL.exec(path)?.[1]
  if (internal === METADATA) return 'restore the folder of the data from a copy: without its metadata no topic is known'
  if (internal !== undefined) {
    return "restore the file from a copy; or, while no broker runs, remove its folder and the file 'clean' of the data: what is in this log is lost then"
  }
  const topic = OF_TOPIC.exec(path)?.[1]
  return topic === undefined ? 'restore it from a copy' : `restore the file from a copy, or delete topic '${topic}'`
}

export const damage = (path: string, what: string, cause?: unknown): TidemarkError =>
  new TidemarkError('LOG_DAMAGED', `${path} ${what}: ${adviceFor(path)}`, { cause })

/** A folder stands where a file has to be. */
export const isFolder = (error: unknown): error is DiskError => error instanceof DiskError && error.code === 'EISDIR'

/** A folder and a file in each other's place are damage of one log, and not a failure of the disk. */
export function asDamage(cause: unknown): unknown {
  if (isFolder(cause)) return damage(cause.path, 'is a folder, and has to be a file', cause)
  if (cause instanceof DiskError && cause.code === 'ENOTDIR')
    return damage(cause.path, 'is, or lies in, a file that has to be a folder', cause)
  return cause
}
