// biome-ignore-all lint/suspicious/noTemplateCurlyInString: text of the files that are changed
/** Bugs of the client. */
import type { Plant } from './planted.ts'

export const clientPlants: readonly Plant[] = [
  {
    name: '11: a partitioner that throws ends the process',
    seed: 3,
    changes: [
      {
        file: 'client/src/produce/producer.ts',
        find: `      send.failed(partitionerFailed(view.name, textOf(error), error))
      return`,
        replace: `      queueMicrotask(() => { throw error })
      return`,
      },
    ],
  },
  {
    name: '11: a header without a value is taken',
    seed: 2,
    changes: [
      {
        file: 'client/src/produce/encode.ts',
        find: '  throw invalid(topic, `its ${what} is ${describe(value)}; it must be text, a Uint8Array or null`)',
        replace: '  return value as never',
      },
    ],
  },
  {
    name: '12: bytes that a caller uses again are sent',
    seed: 22,
    changes: [
      {
        file: 'client/src/produce/encode.ts',
        find: 'const own = { ...record, key: record.key && Buffer.from(record.key), value: record.value && Buffer.from(record.value) }',
        replace: 'const own = record',
      },
    ],
  },
  {
    name: 'a read that is tried again is not told',
    seed: 118,
    changes: [
      {
        file: 'client/src/fetch/fetcher.ts',
        find: "this.#cluster.reportRetry(`reading ${textOf(t)}`, t.failures, error, 'reading')",
        replace: '',
      },
    ],
  },
  {
    name: 'offsets that are listed again are not told',
    seed: 880000,
    changes: [
      {
        file: 'client/src/cluster/list-offsets.ts',
        find: "await cluster.backOff({ what: 'listing offsets', failures: ++failures, error: failure, signal })",
        replace: "await cluster.backOff({ what: 'listing offsets', failures: ++failures, error: undefined, signal })",
      },
    ],
  },
  {
    name: 'a batch that goes to another leader loses its sequence',
    seed: 601,
    nodes: 3,
    changes: [
      {
        file: 'client/src/produce/sender.ts',
        find: `      queue.landed(batch)
      batch.lastError = error
`,
        replace: `      queue.landed(batch)
      queue.foundGap()
      batch.lastError = error
`,
      },
    ],
  },
  {
    name: 'a topic without a leader counts as deleted',
    seed: 840502,
    changes: [
      {
        file: 'client/src/fetch/fetcher.ts',
        find: '      if (waiting.length > 0) return false // it exists, and has no leader now: there may be one at any time',
        replace: `      if (waiting.length > 0 && missingForMs < this.#cluster.options.requestTimeoutMs) return false
      for (const t of waiting) this.#stop(t, unknownTopic(t))`,
      },
    ],
  },
  {
    name: 'a reader goes on asking the old leader of a partition',
    seed: 3,
    nodes: 3,
    changes: [
      {
        file: 'client/src/fetch/fetcher.ts',
        find: `      this.#cluster.leaderMoved(t.topic, t.partition, answer.currentLeader.leaderId, answer.currentLeader.leaderEpoch)
`,
        replace: '',
      },
      {
        file: 'client/src/fetch/fetcher.ts',
        find: "if (outcome === 'look_up') this.#distrust(tracked)",
        replace: '',
      },
    ],
  },
  {
    name: 'a producer goes on asking the old leader of a partition',
    seed: 3,
    nodes: 3,
    changes: [
      {
        file: 'client/src/produce/sender.ts',
        find: `        this.#cluster.leaderMoved(queue.topic, queue.partition, answer.currentLeader.leaderId, answer.currentLeader.leaderEpoch)
        if (outcome.lookUp) this.#distrust(queue)
`,
        replace: '',
      },
    ],
  },
  {
    name: 'a member goes on asking the old coordinator of its group',
    seed: 5,
    nodes: 3,
    changes: [
      {
        file: 'consumer/src/membership/classic/member.ts',
        find: "    if (outcome === 'moved') this.#cluster.forgetCoordinator(this.#options.group)\n",
        replace: '',
      },
    ],
  },
  {
    name: 'commits go on going to the old coordinator of the group',
    seed: 61,
    nodes: 3,
    changes: [
      {
        file: 'consumer/src/commit/committer.ts',
        find: "    if (outcome === 'moved') this.#cluster.forgetCoordinator(this.#options.group)\n",
        replace: '',
      },
    ],
  },
  {
    name: 'offsets go on being fetched from the old coordinator of the group',
    seed: 10,
    nodes: 3,
    changes: [
      {
        file: 'client/src/groups/coordinator-error.ts',
        find: "  if (coordinatorOutcome(errorCode) === 'moved') cluster.forgetCoordinator(group)\n",
        replace: '',
      },
    ],
  },
  {
    name: 'offsets go on being listed by the old leader of a partition',
    seed: 3,
    nodes: 3,
    changes: [
      {
        file: 'client/src/cluster/list-offsets.ts',
        find: '    for (const i of open) cluster.invalidate(queries[i]!.topic)\n',
        replace: '',
      },
    ],
  },
  {
    name: 'a reader goes on asking a leader that is gone',
    seed: 14,
    nodes: 3,
    changes: [
      {
        file: 'client/src/fetch/fetcher.ts',
        find: '      if (!leaveReplica(request)) this.#distrust(request.tracked)\n',
        replace: '',
      },
    ],
  },
  {
    name: 'a producer goes on asking a leader that is gone',
    seed: 14,
    nodes: 3,
    changes: [
      {
        file: 'client/src/produce/sender.ts',
        find: `      this.#holdOff(queue, error)
      this.#distrust(queue)
`,
        replace: `      this.#holdOff(queue, error)
`,
      },
    ],
  },
  {
    name: 'a coordinator that is gone is not looked for elsewhere',
    seed: 37,
    nodes: 3,
    changes: [
      {
        file: 'client/src/cluster/cluster.ts',
        find: `    if (!isLost(error)) return error
    if (typeof to.node === 'object') this.forgetCoordinator(to.node.coordinator)
`,
        replace: `    if (!isLost(error)) return error
`,
      },
      {
        file: 'client/src/cluster/cluster.ts',
        find: `    if (node !== undefined) return this.#links.get(owner, to.purpose, node)
    if (typeof to.node === 'object') this.forgetCoordinator(to.node.coordinator)
`,
        replace: `    if (node !== undefined) return this.#links.get(owner, to.purpose, node)
`,
      },
      {
        file: 'consumer/src/membership/classic/member.ts',
        find: `    if (this.#closed.signal.aborted) return
    this.#cluster.forgetCoordinator(this.#options.group)
`,
        replace: `    if (this.#closed.signal.aborted) return
`,
      },
      {
        file: 'consumer/src/commit/committer.ts',
        find: `  #unanswered(error: unknown): void {
    this.#cluster.forgetCoordinator(this.#options.group)
`,
        replace: `  #unanswered(error: unknown): void {
`,
      },
    ],
  },
]
