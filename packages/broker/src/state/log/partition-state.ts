/**
 * What a partition derives from the headers of its batches: leader epochs and producers.
 *
 * Invariant: a snapshot, and `apply` of every batch from the offset that it reaches on, give the state. So a snapshot is
 * disposable, and it may be as old as it likes.
 */
import { type BatchHeader, codecOf, fields, message, Reader, Writer } from '@tidemark/protocol'
import { LeaderEpochs } from './leader-epochs.ts'
import { Producers, producerFields } from './producers.ts'

const { array, int32, offset } = fields

const PartitionSnapshot = message(
  'PartitionSnapshot',
  { versions: '0', flexible: '0+' },
  {
    reaches: offset(),
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

  snapshot(reaches: number): Buffer {
    const w = new Writer()
    codecOf(PartitionSnapshot, 0).encode(w, { reaches, epochs: this.epochs.entries, producers: this.producers.entries() })
    return Buffer.from(w.written())
  }

  /** Returns the offset that the snapshot reaches. */
  restore(bytes: Buffer): number {
    const { reaches, epochs, producers } = codecOf(PartitionSnapshot, 0).decode(new Reader(bytes))
    for (const { epoch, startOffset } of epochs) this.epochs.add(epoch, startOffset)
    this.producers.restore(producers)
    return reaches
  }
}
