/** The names of the fields that `-o json` prints, by command: read off the table, and written on the same page. */
import type { Step } from './table.ts'

/** What prints a plan prints it in one shape. */
const PLANS = /^(offsets (plan|apply|move|copy|import|delete|translate)|group delete)$/
/** What its own schema describes, and names that a user gave. */
const NOT_OPENED: ReadonlySet<string> = new Set(['wish', 'topics[].configs', 'plan'])

/** Of each command, or `a plan`: paths such as `positions[].topic`, in the order in which they are printed. */
export function fieldsByCommand(steps: readonly Step[]): Map<string, readonly string[]> {
  const all = new Map<string, Set<string>>()
  for (const { line, answer } of steps) {
    const name = commandOf(line)
    if (name === undefined || !(/-o json/.test(line) || name === 'offsets export') || / -o csv| > /.test(line)) continue
    const label = PLANS.test(name) ? 'a plan' : name
    const paths = all.get(label) ?? new Set()
    all.set(label, paths)
    for (const value of valuesOf(answer.replaceAll(/^(2> |exit \d).*\n/gm, ''))) collect(value, '', paths)
  }
  return new Map([...all].map(([label, paths]) => [label, [...paths]]))
}

const commandOf = (line: string): string | undefined =>
  /\btidemark ((?:topic|group|offsets bookmark|offsets|config|acl|user|quota|profile) \w+|\w+)(?!.*\btidemark )/.exec(line)?.[1]

/** One value, or one a line. */
function valuesOf(text: string): unknown[] {
  if (text === '') return []
  return /^\{.*\}$/m.test(text.split('\n')[0]!)
    ? text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
    : [JSON.parse(text)]
}

function collect(value: unknown, at: string, paths: Set<string>): void {
  if (Array.isArray(value)) {
    for (const item of value) collect(item, at === '' ? '' : `${at}[]`, paths)
  } else if (typeof value === 'object' && value !== null && !NOT_OPENED.has(at)) {
    for (const [name, inner] of Object.entries(value)) {
      const path = at === '' ? name : `${at}.${name}`
      paths.add(path)
      collect(inner, path, paths)
    }
  }
}

export const lastName = (path: string): string => /[^.]+$/.exec(path)![0].replace('[]', '')

export function fieldsTable(steps: readonly Step[]): string {
  const rows = [...fieldsByCommand(steps)].map(
    ([label, paths]) => `| ${label === 'a plan' ? label : `\`${label}\``} | ${paths.map((path) => `\`${path}\``).join(' ')} |\n`,
  )
  return `| printed by | fields |\n| --- | --- |\n${rows.join('')}`
}
