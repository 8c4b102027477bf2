/**
 * What a partition derives from the headers of its batches: leader epochs and producers.
 *
 * Invariant: a snapshot, and `apply` of every batch from the offset that it reaches on, give the state. So a snapshot
 * is disposable, and may be of any age, as long as it was taken of this log.
 */
import { type BatchHeader, codecOf, fields, message, Reader, Writer } from '@tidemark/protocol'
import { LeaderEpochs } from './leader-epochs.ts'
import type { LogPoint } from './point.ts'
import { Producers, producerFields } from './producers.ts'

const { array, int32, offset } = fields

const PartitionSnapshot = message(
  'PartitionSnapshot',
  { versions: '0', flexible: '0+' },
  {
    reaches: offset(),
    /** Of the last batch below that: a log that was cut and written on has another one there. */
    lastCrc: int32(),
    epochs: array({ epoch: int32(), startOffset: offset() }),
    producers: array(producerFields),
  },
)

export class PartitionState {
  readonly epochs = new LeaderEpochs()
  readonly producers: Producers

  constructor(producersMax?: number) {
    this.producers = new Producers(producersMax)
  }

  apply(header: BatchHeader): void {
    this.epochs.add(header.leaderEpoch, header.baseOffset)
    this.producers.apply(header)
  }

  /** `lastCrc`: of the batch that ends at `reaches`. */
  snapshot({ reaches, lastCrc }: LogPoint): Buffer {
    const w = new Writer()
    const snapshot = { reaches, lastCrc, epochs: this.epochs.entries, producers: this.producers.entries() }
    codecOf(PartitionSnapshot, 0).encode(w, snapshot)
    return Buffer.from(w.written())
  }

  /** Returns the point of the log that the snapshot reaches. */
  restore(bytes: Buffer): LogPoint {
    const { reaches, lastCrc, epochs, producers } = codecOf(PartitionSnapshot, 0).decode(new Reader(bytes))
    for (const { epoch, startOffset } of epochs) this.epochs.add(epoch, startOffset)
    this.producers.restore(producers)
    return { reaches, lastCrc }
  }
}
