/** Bugs of the consumer. The numbers are those of the faults of 0.1 (docs/invariants.md). */
import type { Plant } from './planted.ts'

export const consumerPlants: readonly Plant[] = [
  {
    name: 'count a record as done while its dead letter is being written',
    seed: 79,
    changes: [
      {
        file: 'consumer/src/work/scheduler.ts',
        find: '    void this.#writeLetters(job, job.letters)\n    return 0',
        replace: "    void this.#writeLetters(job, job.letters)\n    return this.#kind.finish(job, 'skipped')",
      },
    ],
  },
  {
    name: 'drop the rest of a batch behind the record that failed',
    seed: 2,
    changes: [
      {
        file: 'consumer/src/work/by-batch.ts',
        find: 'if (queue.current === batch) queue.putBack(rest, batch.ticket + 1)',
        replace: `if (queue.current === batch) {
      forEachTicket(batch.ticket + 1, rest.length, (t) => finish(claim.tracker, t))
      this.#listener.closed(claim, batch.ticket + 1, rest.length)
    }`,
      },
    ],
  },
  {
    name: 'commit the highest done offset',
    seed: 1,
    changes: [
      {
        file: 'consumer/src/commit/tracker.ts',
        find: '  return t.first === t.next ? t.position',
        replace: `  for (let n = t.next - 1; n >= t.first; n--) {
    if (t.done[n & (t.done.length - 1)] === 1) return t.offsets[n & (t.offsets.length - 1)]! + 1
  }
  return t.first === t.next ? t.position`,
      },
    ],
  },
  {
    name: 'call everything below the highest done offset done',
    seed: 4,
    changes: [
      { file: 'consumer/src/commit/tracker.ts', find: 'if (t.done[n & mask] === 0) open.push(t.offsets[n & mask]!)', replace: '{}' },
    ],
  },
  {
    name: 'forget what is done above the offset at a new claim',
    seed: 9,
    changes: [
      {
        file: 'consumer/src/intake/feed.ts',
        find: 'tracker.restored === undefined ? messages : messages.filter((m) => !wasCompleted(tracker, m.offset, m.leaderEpoch))',
        replace: 'messages',
      },
    ],
  },
  {
    name: 'commit for a dead claim',
    seed: 3,
    changes: [
      {
        file: 'consumer/src/claims/registry.ts',
        find: `    this.#claims.delete(keyOf(claim))
    if (wasWorking)`,
        replace: `    if (reason === 'seek') this.#claims.delete(keyOf(claim))
    if (wasWorking)`,
      },
      {
        file: 'consumer/src/claims/claim.ts',
        find: `return this.phase === 'working' || this.phase === 'draining'`,
        replace: `return this.phase !== 'placing'`,
      },
    ],
  },
  {
    name: 'give up before the drain',
    seed: 1,
    changes: [
      {
        file: 'consumer/src/claims/drain.ts',
        find: 'await Promise.all(claims.map((claim) => this.#drained(claim, release)))',
        replace: '',
      },
      { file: 'consumer/src/claims/drain.ts', find: 'for (const claim of claims) claim.abort(reason)', replace: '' },
    ],
  },
  {
    name: 'two owners of a partition',
    seed: 1,
    changes: [
      {
        file: 'consumer/src/membership/classic/assignors/cooperative-sticky.ts',
        find: 'for (const p of homeless) out.get(poorest(ordered, p.topic, out).memberId)!.push(p)',
        replace: 'for (const p of homeless) for (const m of ordered.slice(0, 2)) out.get(m.memberId)!.push(p)',
      },
    ],
  },
  {
    name: 'one handler more than the concurrency',
    seed: 4,
    changes: [
      {
        file: 'consumer/src/work/scheduler.ts',
        find: 'while (this.#running < this.#slots())',
        replace: 'while (this.#running <= this.#slots())',
      },
    ],
  },
  {
    name: '1: a seek replaces a claim that is given up',
    seed: 134,
    changes: [
      {
        file: 'consumer/src/claims/registry.ts',
        find: `if (claim.phase !== 'working') return undefined`,
        replace: `if (claim.phase === 'placing') return undefined`,
      },
      {
        file: 'consumer/src/claims/moves.ts',
        find: `(asked.phase === 'placing' || asked.phase === 'working') && this.#seeks.get(key) === turn`,
        replace: 'this.#seeks.get(key) === turn',
      },
      { file: 'consumer/src/claims/moves.ts', find: `offset !== undefined && asked.phase === 'working'`, replace: 'offset !== undefined' },
    ],
  },
  {
    name: '2: run() does not ask what the final commit achieved',
    seed: 132,
    changes: [{ file: 'consumer/src/ending.ts', find: 'if (this.#isStopping) this.#uncommitted.push(planned)', replace: '' }],
  },
  {
    name: '2: a refusal of a commit that nothing mends is tried again',
    seed: 107,
    changes: [{ file: 'consumer/src/commit/outcome.ts', find: `(isRetriableName(name) ? 'retry' : 'fatal')`, replace: `'retry'` }],
  },
  {
    name: '3: commit() of a dead claim resolves',
    seed: 53,
    changes: [
      { file: 'consumer/src/commit/committer.ts', find: '      if (s.isDead) throw fenced(s)', replace: '      if (s.isDead) return' },
      {
        file: 'consumer/src/commit/committer.ts',
        find: '      if (subject.isDead) throw fenced(subject)',
        replace: '      if (subject.isDead) return',
      },
    ],
  },
  {
    name: '4: a passing error of ListOffsets ends the run',
    seed: 1,
    changes: [
      {
        file: 'consumer/src/claims/placement.ts',
        find: 'if (mayPass(error)) this.#listener.failing(request, error, inARow)',
        replace: 'if (isWanted()) throw error',
      },
    ],
  },
  {
    name: '4: a truncated log is left behind',
    seed: 810697,
    changes: [
      {
        file: 'consumer/src/claims/moves.ts',
        find: `if (problem.kind === 'truncated' && problem.end !== undefined) return this.#truncate(claim, problem.offset, problem.end.offset)`,
        replace: '',
      },
    ],
  },
  {
    name: '5: an answer of another broker is a sign of life',
    seed: 139,
    changes: [
      {
        file: 'consumer/src/membership/classic/member.ts',
        find: 'if (errorCode === 0 || errorCode === ErrorCode.REBALANCE_IN_PROGRESS) this.#confirmed',
        replace: 'this.#confirmed',
      },
    ],
  },
  {
    name: '6: a time-out frees the slot',
    seed: 107,
    changes: [
      {
        file: 'consumer/src/work/scheduler.ts',
        find: `    job.limit!.isOver = true
`,
        replace: `    job.limit!.isOver = true
    this.#running--
`,
      },
      {
        file: 'consumer/src/work/scheduler.ts',
        find: `    context.end(failure !== undefined || context.failedAt !== undefined)
    this.#running--`,
        replace: `    context.end(failure !== undefined || context.failedAt !== undefined)
    if (!limit?.isOver) this.#running--`,
      },
    ],
  },
  {
    name: '6: a record is tried again while its first call runs',
    seed: 3,
    changes: [
      {
        file: 'consumer/src/work/scheduler.ts',
        find: `    job.context!.expire()
  }`,
        replace: `    job.context!.expire()
    if (job.claim.phase === 'working') this.#retryLater(job, undefined)
  }`,
      },
    ],
  },
  {
    name: '6: a drain does not wait for a call whose time is over',
    seed: 161,
    changes: [
      {
        file: 'consumer/src/work/scheduler.ts',
        find: `    job.limit!.isOver = true
`,
        replace: `    job.limit!.isOver = true
    job.claim.calls.running--
`,
      },
      {
        file: 'consumer/src/work/scheduler.ts',
        find: `    claim.calls.running--
    if (limit?.isStuck) claim.calls.stuck--
    let done = 0
    if (claim.isDead) this.#kind.closed(job)
    else if`,
        replace: `    if (!limit?.isOver) claim.calls.running--
    if (limit?.isStuck) claim.calls.stuck--
    let done = 0
    if (claim.isDead) this.#kind.closed(job)
    else if`,
      },
    ],
  },
  {
    name: '8: the end of an earlier release completes the next',
    seed: 1,
    changes: [
      {
        file: 'consumer/src/membership/classic/machine.ts',
        find: `  if (!m.releases.includes(release)) return []
`,
        replace: `  m.releasing = []
`,
      },
      {
        file: 'consumer/src/membership/classic/machine.ts',
        find: `  m.owned = without(m.owned, partitions)
  m.releasing = without(m.releasing, partitions)
  if (m.releasing.length > 0) return []`,
        replace: '  m.owned = []',
      },
    ],
  },
  {
    name: '13: a thenable that a handler returned is called as it is',
    seed: 1,
    changes: [
      {
        file: 'consumer/src/work/attempt.ts',
        find: 'return Promise.resolve(result)',
        replace:
          'return { then: (done: () => void, failed: () => void) => void (result as PromiseLike<unknown>).then(done, failed) } as never',
      },
    ],
  },
  {
    name: '13: a function with a then counts as done at once',
    seed: 8,
    changes: [
      {
        file: 'consumer/src/work/attempt.ts',
        find: `(typeof result !== 'object' && typeof result !== 'function')`,
        replace: `typeof result !== 'object'`,
      },
    ],
  },
  {
    name: '14: a pause is forgotten when its partition comes back',
    seed: 20,
    changes: [{ file: 'consumer/src/claims/registry.ts', find: 'claim.paused = this.#pauses.has(topic, partition)', replace: '' }],
  },
  {
    name: 'close() before run() is ignored',
    seed: 1,
    changes: [
      {
        file: 'consumer/src/consumer.ts',
        find: `    if (this.#isClosed) throw closed()
    if (this.#works.length === 0)`,
        replace: '    if (this.#works.length === 0)',
      },
    ],
  },
  {
    name: 'close() in a handler waits for itself',
    seed: 33,
    changes: [
      {
        file: 'consumer/src/consumer.ts',
        find: `    checkOutside('close()', this)
`,
        replace: '',
      },
    ],
  },
  {
    name: 'events have one reader',
    seed: 4,
    changes: [
      {
        file: 'consumer/src/events.ts',
        find: '    this.#readers.add(reader)',
        replace: `    this.#readers.clear()
    this.#readers.add(reader)`,
      },
    ],
  },
  {
    name: 'what is tried again is not told',
    seed: 34,
    changes: [{ file: 'consumer/src/reports.ts', find: 'if (attempts < 2) return', replace: 'if (attempts > 0) return' }],
  },
  {
    name: 'what is thrown is taken for an Error',
    seed: 18,
    changes: [
      {
        file: 'client/src/diagnostics.ts',
        find: `    return 'something that has no text was thrown'`,
        replace: '    return String(error)',
      },
    ],
  },
  {
    name: 'a commit by hand covers its own record alone',
    seed: 11,
    changes: [
      {
        file: 'consumer/src/commit/tracker.ts',
        find: `    if (n <= ticket) finish(t, n)
    else later.push(n)`,
        replace: '    later.push(n)',
      },
    ],
  },
  {
    name: 'a stuck call that held nothing up is forgotten',
    seed: 871450,
    changes: [
      {
        file: 'consumer/src/work/scheduler.ts',
        find: `        calls.stuck--
        this.#watchExpired(job)
`,
        replace: `        calls.stuck--
`,
      },
    ],
  },
  {
    name: 'a record is done before its transaction is committed',
    seed: 1,
    changes: [
      {
        file: 'consumer/src/work/stored.ts',
        find: '        await this.#store.run(claim.holding, records, act)\n',
        replace: '        void this.#store.run(claim.holding, records, act).catch(() => {})\n',
      },
    ],
  },
  {
    name: 'a leader does not look at racks',
    seed: 20,
    nodes: 3,
    changes: [
      {
        file: 'consumer/src/membership/classic/leader.ts',
        find: 'assign(members, counts, racks)',
        replace: 'assign(members, counts)',
      },
    ],
  },
  {
    name: 'the nearest assignment is looked for greedily',
    seed: 12,
    nodes: 3,
    changes: [
      {
        file: 'consumer/src/membership/classic/assignors/even-and-near.ts',
        find: '    if (cycle === undefined) return',
        replace: '    if (cycle === undefined || cycle.length > 2) return',
      },
    ],
  },
]
