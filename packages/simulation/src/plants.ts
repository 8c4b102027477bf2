/**
 * Bugs to be planted in the real files: each is one that a runtime or a broker has had, and the simulation must notice each within
 * 100 seeds. They are put in while the files are loaded; nothing is written.
 */
export interface Plant {
  readonly name: string
  readonly changes: readonly { readonly file: string; readonly find: string; readonly replace: string }[]
}

export const plants: readonly Plant[] = [
  {
    name: 'reply before sync',
    changes: [
      {
        file: 'broker/src/storage/group-commit.ts',
        find: "Array.from(paths, (path) => this.#files.use(path, 'create', (file) => file.sync()))",
        replace: 'Array.from(paths, async () => {})',
      },
    ],
  },
  {
    name: 'commit the highest done offset',
    changes: [
      {
        file: 'consumer/src/state/tracker.ts',
        find: '  return t.first === t.next ? t.position',
        replace: `  for (let n = t.next - 1; n >= t.first; n--) {
    if (t.done[n & (t.done.length - 1)] === 1) return t.offsets[n & (t.offsets.length - 1)]! + 1
  }
  return t.first === t.next ? t.position`,
      },
    ],
  },
  {
    name: 'commit for a dead claim',
    changes: [
      {
        file: 'consumer/src/perform/runner.ts',
        find: 'this.#claims.delete(keyOf(c.topic, c.partition))',
        replace: '{}',
      },
      { file: 'consumer/src/state/commit-plan.ts', find: '!isAlive(claim) ||', replace: '' },
    ],
  },
  {
    name: 'call everything below the highest done offset done',
    changes: [
      {
        file: 'consumer/src/state/tracker.ts',
        find: 'if (t.done[n & mask] === 0) open.push(t.offsets[n & mask]!)',
        replace: '{}',
      },
    ],
  },
  {
    name: 'forget what is done above the offset at a new claim',
    changes: [
      {
        file: 'consumer/src/perform/runner.ts',
        find: 'messages.filter((m) => !wasFinished(t, m.offset, m.leaderEpoch))',
        replace: 'messages',
      },
    ],
  },
  {
    name: 'give up before the drain',
    changes: [
      {
        file: 'consumer/src/perform/runner.ts',
        find: 'await Promise.all(claims.map((c) => this.#drainedBy(c, until)))',
        replace: '',
      },
      { file: 'consumer/src/perform/runner.ts', find: 'for (const c of claims) c.controller?.abort(reason)', replace: '' },
    ],
  },
  {
    name: 'two owners of a partition',
    changes: [
      {
        file: 'consumer/src/membership/assignors/cooperative-sticky.ts',
        find: 'for (const p of homeless) out.get(poorest(ordered, p.topic, out).memberId)!.push(p)',
        replace: 'for (const p of homeless) for (const m of ordered.slice(0, 2)) out.get(m.memberId)!.push(p)',
      },
    ],
  },
  {
    name: 'a torn tail kept',
    changes: [
      { file: 'broker/src/storage/recover.ts', find: 'if (good < size) await file.truncate(good)', replace: '' },
      { file: 'broker/src/storage/recover.ts', find: 'segment.bytes = good', replace: 'segment.bytes = size' },
    ],
  },
  {
    name: 'a failed write acknowledged',
    changes: [{ file: 'broker/src/storage/group-commit.ts', find: 'done.reject(cause)', replace: 'done.resolve()' }],
  },
  {
    name: 'a failed disk not told of at the start',
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
    name: 'one handler more than the concurrency',
    changes: [
      {
        file: 'consumer/src/handle/crew.ts',
        find: 'while (this.#running < this.work.concurrency)',
        replace: 'while (this.#running <= this.work.concurrency)',
      },
    ],
  },
]
