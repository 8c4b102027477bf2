/** Bugs of the broker. */
import type { Plant } from './planted.ts'

export const brokerPlants: readonly Plant[] = [
  {
    name: 'reply before sync',
    seed: 9,
    changes: [
      {
        file: 'broker/src/storage/group-commit.ts',
        find: "Array.from(paths, (path) => this.#files.use(path, 'create', (file) => file.sync()))",
        replace: 'Array.from(paths, async () => {})',
      },
    ],
  },
  {
    name: 'a torn tail kept',
    seed: 5,
    changes: [
      { file: 'broker/src/storage/recover.ts', find: 'if (good < size) await file.truncate(good)', replace: '' },
      { file: 'broker/src/storage/recover.ts', find: 'segment.bytes = good', replace: 'segment.bytes = size' },
    ],
  },
  {
    name: 'a failed write acknowledged',
    seed: 113,
    changes: [{ file: 'broker/src/storage/group-commit.ts', find: 'done.reject(cause)', replace: 'done.resolve()' }],
  },
  {
    name: 'a failed disk not told of at the start',
    seed: 37,
    isPlain: true,
    changes: [
      {
        file: 'broker/src/broker.ts',
        find: 'const error = cause instanceof DiskError ? failure.report(cause) : cause',
        replace: 'const error = cause',
      },
    ],
  },
  {
    name: 'producer state forgotten at restart',
    seed: 1,
    changes: [
      {
        file: 'broker/src/partition/load-state.ts',
        find: 'const state = isUsable ? restored!.state : new PartitionState(producersMax)',
        replace: 'const state = new PartitionState(producersMax)',
      },
      {
        file: 'broker/src/partition/load-state.ts',
        find: 'if (header.baseOffset >= from) state.apply(header)',
        replace: 'if (header.baseOffset >= from) state.epochs.add(header.leaderEpoch, header.baseOffset)',
      },
    ],
  },
  {
    name: 'the offsets of a deleted topic kept for the next one of its name',
    seed: 720405,
    changes: [
      {
        file: 'broker/src/coordinate/groups.ts',
        find: 'return id === undefined || id !== idsAtStart.get(name) || (committedFor !== ZERO_UUID && committedFor !== id)',
        replace: 'return id === undefined',
      },
    ],
  },
  {
    name: 'a leader moves before its epoch is durable',
    seed: 601,
    nodes: 3,
    changes: [
      {
        file: 'broker/src/metadata/nodes.ts',
        find: `    return after(this.#topics.raiseLeaderEpoch(placed), () => {
      change()
`,
        replace: `    change()
    return after(this.#topics.raiseLeaderEpoch(placed), () => {
`,
      },
    ],
  },
  {
    name: 'a node answers for a partition that another one leads',
    seed: 601,
    nodes: 3,
    changes: [
      {
        file: 'broker/src/handle/led-here.ts',
        find: 'hasPartition(topic, index) && nodes.leaderOf(topic, index) !== node.id',
        replace: 'hasPartition(topic, index) && !nodes.replicasOf(topic, index).includes(node.id)',
      },
    ],
  },
  {
    name: 'a sealed segment is compacted whose last append is not finished',
    seed: 860537,
    changes: [
      {
        file: 'broker/src/partition/keep/compaction.ts',
        find: '.filter(({ baseOffset }) => baseOffset <= partition.highWatermark)',
        replace: '',
      },
    ],
  },
]
