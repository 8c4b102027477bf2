/**
 * A broker in a process of its own whose disk tells what was read of it. The first line of stdout is its address and
 * how many milliseconds after the start of the process it listened; every line on stdin is answered with the bytes
 * read so far, by ending of the file's name.
 */
import { createInterface } from 'node:readline'
import { startBroker } from '@tidemark/broker'
import { type Disk, type File, nodeDisk, nodePlatform } from '@tidemark/platform'

export interface ReadSoFar {
  /** Of segments of topics. */
  readonly topicBytes: number
  readonly topicSegments: number
  /** Of segments of the broker's own topics. */
  readonly internalBytes: number
  /** Of indexes, checkpoints and all that is small. */
  readonly smallBytes: number
}

const segments = new Set<string>()
let topicBytes = 0
let internalBytes = 0
let smallBytes = 0

function read(path: string, bytes: number): void {
  if (!path.endsWith('.log')) smallBytes += bytes
  else if (path.includes('/internal/')) internalBytes += bytes
  else {
    topicBytes += bytes
    segments.add(path)
  }
}

const watched = (file: File): File => ({
  path: file.path,
  write: (chunks, position, how) => file.write(chunks, position, how),
  read: (position, length) => {
    read(file.path, length)
    return file.read(position, length)
  },
  size: () => file.size(),
  truncate: (size) => file.truncate(size),
  sync: () => file.sync(),
  close: () => file.close(),
})

const disk: Disk = {
  ...nodeDisk,
  open: (path, mode) => watched(nodeDisk.open(path, mode) as File),
  readFile: (path) => {
    const bytes = nodeDisk.readFile(path)
    read(path, bytes?.length ?? 0)
    return bytes
  },
}

const [data, options] = process.argv.slice(2) as [string, string]
const broker = await startBroker({ data, platform: { ...nodePlatform, disk }, ...JSON.parse(options) })
console.log(`${broker.brokers[0]} ${performance.now().toFixed(1)}`)
createInterface({ input: process.stdin }).on('line', () => {
  const soFar: ReadSoFar = { topicBytes, topicSegments: segments.size, internalBytes, smallBytes }
  console.log(JSON.stringify(soFar))
})
process.on('SIGTERM', () => void broker.close().then(() => process.exit(0)))
