/** What a coordinator reads back: its log, and the checkpoint that saves reading all of it. */
import { TidemarkError } from '@tidemark/platform'
import { batchesIn, crc32c, ErrorCode, RecordCursor } from '@tidemark/protocol'
import { describe, expect, it } from 'vitest'
import { SWEPT_RECORDS_MAX } from '../state/decision.ts'
import { checkpointAt, Rig, stateOf } from './coordinator.case.ts'
import { settle, TestCheckpoints, TestLog } from './rig.case.ts'

const gone = new TidemarkError('STORAGE_FAILED', 'the disk is gone')

describe('reading back', () => {
  it('is answered COORDINATOR_LOAD_IN_PROGRESS meanwhile, and afterwards nobody has to rejoin', async () => {
    const before = new Rig().begin()
    const joined = before.join('g', 'm')
    before.clock.advance(0)
    await joined
    before.sync('g', 'm', 1, 'all')
    before.commit('other', 9)

    const rig = new Rig(before.log)
    const loading = rig.coordinator.load(() => rig.log)
    expect(rig.commit('g', 1)).toEqual([ErrorCode.COORDINATOR_LOAD_IN_PROGRESS])
    expect(rig.coordinator.unavailable).toBe(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS)
    await settle(rig.clock)
    await loading
    expect(rig.heartbeat('g', 'm', 1)).toBe(ErrorCode.NONE)
    expect(rig.committed('other')).toBe(9)
    rig.clock.advance(1000)
    expect(rig.heartbeat('g', 'm', 1)).toBe(ErrorCode.UNKNOWN_MEMBER_ID)
  })

  it('the records are those of Kafka: keys of version 1 and 2, in plain batches', () => {
    const rig = new Rig().begin()
    void rig.join('g', 'm')
    rig.commit('simple', 5)
    const versions: number[] = []
    for (const batch of rig.log.batches) {
      for (const { header } of batchesIn(batch)) {
        expect(header).toMatchObject({ producerId: -1n, attributes: 0 })
        const cursor = new RecordCursor(batch, header)
        while (cursor.next()) versions.push(cursor.key!.readInt16BE(0), cursor.value!.readInt16BE(0))
      }
    }
    expect(versions).toEqual([2, 3, 1, 3])
  })

  it('a record of a kind that Kafka has and this coordinator has not is skipped', async () => {
    const rig = new Rig().begin()
    rig.commit('g', 1)
    const strange = Buffer.from(rig.log.batches[0]!)
    // The key's version: behind the batch's header and the record's length, attributes, two deltas and key length.
    const keyAt = 61 + 5 + (strange[61]! & 0x80 ? 1 : 0)
    expect(strange.readInt16BE(keyAt)).toBe(1)
    strange.writeInt16BE(3, keyAt)
    strange.writeUInt32BE(crc32c(strange.subarray(21)), 17)
    rig.log.append(strange)
    rig.commit('g', 2)
    expect(await stateOf(rig.log)).toBe(await stateOf(rig.log, await checkpointAt(rig.log, 1)))
  })

  it('a topic with more offsets than one turn writes is forgotten whole; if nothing can be written, the rest waits for the next start', () => {
    const rig = new Rig().begin()
    for (let partition = 0; partition < SWEPT_RECORDS_MAX + 5; partition++) rig.commit('g', 1, 'orders', partition)
    rig.log.broken = gone
    rig.forgetTopic('orders')
    expect(rig.committed('g')).toBe(1)
    rig.log.broken = undefined
    const before = rig.log.batches.length
    rig.forgetTopic('orders')
    expect(rig.committed('g')).toBe(-1)
    expect(rig.log.batches.length).toBe(before + 2)
  })

  it('one that is closed while it reads back begins nothing', async () => {
    const before = new Rig().begin()
    const joined = before.join('g', 'm')
    before.clock.advance(0)
    await joined
    before.sync('g', 'm', 1, 'all')
    const rig = new Rig(before.log)
    const loading = rig.coordinator.load(() => rig.log)
    await rig.coordinator.close()
    await settle(rig.clock)
    await loading
    expect(rig.timers.size).toBe(0)
    expect(rig.checkpoints.writes).toBe(0)
    expect(rig.commit('g', 1)).toEqual([ErrorCode.COORDINATOR_NOT_AVAILABLE])
  })

  it('a log that cannot be read makes the partition unavailable', async () => {
    const rig = new Rig()
    rig.commit('g', 1)
    rig.log.end = 5
    const loading = rig.coordinator.load(() => rig.log)
    const failed = expect(loading).rejects.toThrow('has no whole record batch at offset 0')
    await settle(rig.clock)
    await failed
    expect(rig.commit('g', 1)).toEqual([ErrorCode.COORDINATOR_NOT_AVAILABLE])
  })
})

describe('checkpoints', () => {
  it('decision 12: checkpoint plus tail is, byte for byte, a full replay, wherever the checkpoint was taken', async () => {
    const rig = new Rig().begin()
    for (let i = 0; i < 30; i++) {
      rig.commit(`g${i % 7}`, i, i % 3 === 0 ? 'orders' : 'clicks', i % 4)
      if (i % 10 === 9) rig.forgetTopic('clicks')
      if (i % 5 === 0) void rig.join(`j${i}`, `m${i}`)
    }
    rig.clock.advance(0)
    for (const i of [0, 5, 10]) rig.sync(`j${i}`, `m${i}`, 1, 'all')
    const full = await stateOf(rig.log)
    for (let batches = 0; batches <= rig.log.batches.length; batches++) {
      expect(await stateOf(rig.log, await checkpointAt(rig.log, batches))).toBe(full)
    }
  })

  it('is written after the given number of records, and at a clean close', async () => {
    const rig = new Rig(new TestLog(), new TestCheckpoints(), 3).begin()
    rig.commit('g', 1)
    rig.commit('g', 2)
    expect(rig.checkpoints.writes).toBe(0)
    rig.commit('g', 3)
    expect(rig.checkpoints.writes).toBe(1)
    await settle(rig.clock)
    rig.commit('g', 4)
    await rig.coordinator.checkpoint()
    expect(rig.checkpoints.writes).toBe(2)
    await rig.coordinator.checkpoint()
    expect(rig.checkpoints.writes).toBe(2)
  })

  it('a large state is saved more rarely: after as many records as were saved last', async () => {
    const rig = new Rig(new TestLog(), new TestCheckpoints(), 2).begin()
    for (let partition = 0; partition < 8; partition++) {
      rig.commit('g', 1, 'orders', partition)
      await settle(rig.clock)
    }
    // At 2, 4 and 8 entries.
    expect(rig.checkpoints.writes).toBe(3)
  })

  it('nothing is lost where it cannot be written', async () => {
    const rig = new Rig(new TestLog(), new TestCheckpoints(), 1).begin()
    rig.checkpoints.broken = gone
    expect(rig.commit('g', 1)).toEqual([ErrorCode.NONE])
    await settle(rig.clock)
    expect(rig.commit('g', 2)).toEqual([ErrorCode.NONE])
  })

  it('one that is damaged is ignored', async () => {
    const rig = new Rig().begin()
    rig.commit('g', 1)
    expect(await stateOf(rig.log, Buffer.from('nonsense'))).toBe(await stateOf(rig.log))
    expect(await stateOf(rig.log, Buffer.alloc(0))).toBe(await stateOf(rig.log))
  })

  it('one of an end that a crash of the machine took away is ignored, also when the log has grown over that offset again', async () => {
    const rig = new Rig().begin()
    rig.commit('g', 1)
    rig.commit('g', 2)
    await rig.coordinator.checkpoint()

    const after = new Rig(rig.log.cut(1), rig.checkpoints)
    const loading = after.coordinator.load(() => after.log)
    await settle(after.clock)
    await loading
    expect(after.committed('g')).toBe(1)
    after.commit('other', 5)
    after.commit('other', 6)

    // The power goes again, the old checkpoint is still there, and the log is as long as it says.
    expect(after.log.end).toBeGreaterThanOrEqual(rig.log.end)
    const last = new Rig(after.log, after.checkpoints)
    const again = last.coordinator.load(() => last.log)
    await settle(last.clock)
    await again
    expect([last.committed('g'), last.committed('other')]).toEqual([1, 6])
  })
})
