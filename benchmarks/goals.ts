/**
 * The goals of each row, from the project's design: against the better of the two rivals in the same run, or a figure.
 */
import type { Samples } from './samples.ts'

interface Goal {
  readonly unit: string
  /** Whether more is better, or less. */
  readonly better: 'more' | 'less'
  /** Against the best rival: at least, or at most, so many times its figure. */
  readonly times?: number
  /** Against these rivals only. */
  readonly against?: readonly string[]
  readonly figure?: number
  readonly cpu?: { readonly unit: string; readonly max?: number }
}

const perGB = (max?: number) => ({ unit: 'CPU s a GB', ...(max === undefined ? {} : { max }) })
const perMillion = { unit: 'CPU s a million' }
const client = (kPerSecond: number): Goal => ({ unit: 'k/s', better: 'more', figure: kPerSecond, cpu: perMillion })

const GOALS: Readonly<Record<string, Goal>> = {
  'process start to first acknowledged record': { unit: 'ms', better: 'less', figure: 100 },
  'startBroker() in a running process': { unit: 'ms', better: 'less', figure: 15 },
  'resident memory at the first record': { unit: 'MB', better: 'less', figure: 75 },
  'resident memory with 1,000 idle partitions': { unit: 'MB', better: 'less', figure: 100 },
  'resident memory after 2 GB of load': { unit: 'MB', better: 'less', figure: 200 },
  'produce 1 KiB, 1 producer': { unit: 'MB/s', better: 'more', times: 1.5, cpu: perGB(1.3) },
  'produce 1 KiB, 8 producers': { unit: 'MB/s', better: 'more', times: 1.2, cpu: perGB(1.5) },
  'produce 100 B': { unit: 'M/s', better: 'more', times: 1, cpu: perMillion },
  'consume 1 KiB': { unit: 'MB/s', better: 'more', times: 1, against: ['kafka'], cpu: perGB(0.5) },
  'end to end at 2,000/s, p50': { unit: 'ms', better: 'less', times: 1 },
  'end to end at 2,000/s, p99': { unit: 'ms', better: 'less', times: 1 },
  'end to end at 2,000/s, p99 of the first second': { unit: 'ms', better: 'less', figure: 1 },
  'offset commits, one after the other': { unit: '/s', better: 'more', times: 1.2, cpu: perMillion },
  'offset commits, 16 groups': { unit: '/s', better: 'more', times: 1, cpu: perMillion },
  'produce 1 KiB, 8 producers, synced': { unit: 'MB/s', better: 'more', times: 2 },
  'offset commits, 16 groups, synced': { unit: '/s', better: 'more', times: 2 },
  'first acknowledged record after kill -9 under load': { unit: 'ms', better: 'less', figure: 200 },
  'client: consume 1 KiB, a handler call a record': client(400),
  'client: consume 1 KiB, a batch a call': client(550),
  'client: consume 100 B, a handler call a record': client(700),
  'client: consume 100 B, a batch a call': client(1400),
  'client: produce 1 KiB': client(250),
  'client: produce 100 B': client(600),
  'runtime: 1,000 keys in order, a handler of 10 ms': client(40),
  'runtime: 1,000 keys in order, a handler of 100 ms': client(9),
  'runtime: one stuck key, 100,000 done above it, kill -9 once that is committed: done again': {
    unit: 'records',
    better: 'less',
    figure: 0,
  },
  'runtime: exactly once into PostgreSQL, 64 handlers': { unit: 'k/s', better: 'more', times: 0.8, cpu: perMillion },
}

export interface Verdict {
  readonly unit: string
  readonly cpuUnit: string | undefined
  /** Empty where a row has no goal. */
  readonly goal: string
  readonly reached: boolean | undefined
}

export function judge(row: string, samples: Samples): Verdict {
  const goal = GOALS[row]
  const ours = samples.of(row, 'tidemark')
  if (goal === undefined || ours === undefined) return { unit: '', cpuUnit: goal?.cpu?.unit, goal: '', reached: undefined }
  const rivals = (goal.against ?? samples.rivals(row)).flatMap((name) => (name === 'tidemark' ? [] : (samples.of(row, name)?.value ?? [])))
  const best = goal.better === 'more' ? Math.max(...rivals) : Math.min(...rivals)
  const bar = goal.figure ?? best * (goal.times ?? 1)
  const sign = goal.better === 'more' ? '≥' : '≤'
  const cpuMax = goal.cpu?.max
  return {
    unit: goal.unit,
    cpuUnit: goal.cpu?.unit,
    goal: `${sign} ${written(bar)}${cpuMax === undefined ? '' : `; ≤ ${cpuMax} ${goal.cpu?.unit}`}`,
    reached: (goal.better === 'more' ? ours.value >= bar : ours.value <= bar) && (cpuMax === undefined || (ours.cpu ?? 0) <= cpuMax),
  }
}

/** Three digits that count. */
export function written(value: number): string {
  if (!Number.isFinite(value)) return '–'
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value) || 1)))
  return value.toLocaleString('en', { minimumFractionDigits: Math.min(digits, 2), maximumFractionDigits: Math.min(digits, 2) })
}
