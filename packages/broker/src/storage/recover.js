import { scan } from './scan.js'
import { Segment } from './segment.js'
import { SegmentIndex } from './segment-index.js'
/** Within the call if there is nothing. */
export function recover(folder, site) {
  const bases = Segment.basesIn(site.disk, folder)
  return bases.length === 0 ? { segments: [], bytesCut: 0 } : recoverSegments(folder, bases, site)
}
async function recoverSegments(folder, bases, site) {
  const segments = []
  let bytesCut = 0
  let next = bases[0]
  let isTorn = false
  for (const baseOffset of bases) {
    const segment = Segment.known(folder, { baseOffset, bytes: 0 })
    if (isTorn || baseOffset < next) {
      bytesCut += await removeSegment(segment, site)
      continue
    }
    const cut = await recoverOne(segment, site)
    bytesCut += cut
    isTorn = cut > 0
    next = segment.loaded.nextOffset
    segments.push(segment)
  }
  // The index of a full segment is read again when it is needed.
  for (const segment of segments.slice(0, -1)) if (segment.indexedBytes === segment.bytes) segment.unload()
  return { segments, bytesCut }
}
/** Returns how many bytes were cut off. */
async function recoverOne(segment, site) {
  return site.files.use(segment.path, 'write', async (file) => {
    const size = file.size()
    const stored = segment.storedIndex(site)
    const index = stored !== undefined && stored.bytes <= size ? stored : new SegmentIndex(segment.baseOffset, site.indexIntervalBytes)
    segment.indexedBytes = index.bytes
    const good = index.bytes === size ? size : await scan(file, index)
    if (good < size) await file.truncate(good)
    segment.bytes = good
    segment.loaded = index
    return size - good
  })
}
async function removeSegment(segment, site) {
  const bytes = await site.files.use(segment.path, 'write', (file) => file.size())
  site.files.close(segment.path)
  segment.unlink(site.disk)
  return bytes
}
