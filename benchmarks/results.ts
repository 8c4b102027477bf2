/**
 * Writes what was measured as a page: a line a row, a column a rival, the CPU beside each figure, the goal and whether
 * it was reached.
 */
import { judge, written } from './goals.ts'
import type { Sample, Samples } from './samples.ts'

export interface Circumstances {
  readonly date: string
  readonly machine: string
  readonly versions: string
  readonly rounds: number
  readonly factor: number
  /** The machine's load average before the first round. */
  readonly loadBefore: number
}

export function page(samples: Samples, about: Circumstances): string {
  const quiet = about.loadBefore < 0.5 ? '' : ' **The machine was busy with other work: only ratios within a row count.**'
  const scale = about.factor === 1 ? '' : ` Counts were multiplied by ${about.factor}.`
  return `# Results

Written by \`npm run bench\` on ${about.date}: ${about.machine}; ${about.versions}. Medians of ${about.rounds} interleaved rounds, a fresh
process for each rival and round; load average before the first: ${about.loadBefore.toFixed(2)}.${quiet}${scale} How it is measured and what we learnt:
[docs/performance.md](../docs/performance.md).

${table('Broker', samples, (row) => !/^(client|runtime|growth): /.test(row), ['tidemark', 'kafka', 'kfake'])}
${table('Client', samples, (row) => row.startsWith('client: '), ['tidemark', 'kafkajs', 'platformatic', 'rdkafka'])}
${table('Runtime', samples, (row) => row.startsWith('runtime: ') && !row.startsWith('runtime: exactly'), ['tidemark', 'parallel-consumer', 'kpipe'], 'The other columns were published by others, not measured here (`loads/runtime.ts`).')}
${table('Exactly once', samples, (row) => row.startsWith('runtime: exactly'), ['tidemark', 'plain transaction'], 'The same handler with a plain transaction beside it, which may happen twice.')}
${growthTable(samples)}`
}

/** Each row of this version and of the one before, with how many times the figure before it is: no goals. */
export function comparison(samples: Samples, about: Circumstances): string {
  const lines = samples.rows().map((row) => {
    const [now, before] = ['tidemark', 'before'].map((name) => samples.of(row, name))
    const both = [now, before].map((sample) => (sample === undefined ? '–' : withCpu(sample)))
    const ratio = (a: number | undefined, b: number | undefined): string => (a === undefined || !b ? '–' : (a / b).toFixed(2))
    const cpu = now?.cpu === undefined ? '' : ` (${ratio(now.cpu, before?.cpu)})`
    return `| ${[row, ...both.toReversed(), ratio(now?.value, before?.value) + cpu].join(' | ')} |`
  })
  return `${about.machine}; ${about.versions}. Medians of ${about.rounds} interleaved rounds; load average before the first: ${about.loadBefore.toFixed(2)}.

| row (CPU) | before | now | now / before |
|---|---|---|---|
${lines.join('\n')}
`
}

const withCpu = ({ value, cpu }: Sample): string => `${written(value)}${cpu === undefined ? '' : ` (${written(cpu)})`}`

function table(title: string, samples: Samples, belongs: (row: string) => boolean, rivals: readonly string[], note = ''): string {
  const rows = samples.rows().filter(belongs)
  if (rows.length === 0) return ''
  const lines = rows.map((row) => {
    const verdict = judge(row, samples)
    const name = `${row.replace(/^(client|runtime): /, '')}${verdict.unit === '' ? '' : `, ${verdict.unit}`}${verdict.cpuUnit === undefined ? '' : ` (${verdict.cpuUnit})`}`
    const figures = rivals.map((rival) => {
      const sample = samples.of(row, rival)
      return sample === undefined ? '–' : withCpu(sample)
    })
    return `| ${[name, ...figures, verdict.goal, verdict.reached === undefined ? '' : verdict.reached ? 'yes' : '**no**'].join(' | ')} |`
  })
  return `## ${title}
${note === '' ? '' : `\n${note}\n`}
| ${['', ...rivals, 'goal', 'reached'].join(' | ')} |
|${'---|'.repeat(rivals.length + 3)}
${lines.join('\n')}
`
}

function growthTable(samples: Samples): string {
  const rows = samples.rows().filter((row) => row.startsWith('growth: '))
  if (rows.length === 0) return ''
  const curves = new Map<string, string[]>()
  for (const row of rows) {
    const [, count, what, figure] = /^growth: ([\d,]+) ([^:]+): (.+)$/.exec(row)!
    const curve = `${what}: ${figure}`
    curves.set(curve, [...(curves.get(curve) ?? []), `${count}: ${written(samples.of(row, 'tidemark')!.value)}`])
  }
  return `## Growth

| our broker | how many: figure |
|---|---|
${[...curves].map(([curve, points]) => `| ${curve} | ${points.join(' · ')} |`).join('\n')}
`
}
