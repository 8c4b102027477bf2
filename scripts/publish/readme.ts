/** What the tests and the trial of the packed packages take out of a README: programs, sessions, tables. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { root } from './packages.ts'

export interface Program {
  readonly source: string
  /** What it prints, from the block after "It prints:". */
  readonly output: string
}

/** The address that programs and sessions connect to; tests put that of an embedded broker in its place. */
export const README_ADDRESS = '127.0.0.1:9092'

export const readmeOf = (folder: string): string => readFileSync(path.join(root, 'packages', folder, 'README.md'), 'utf8')

/** Every block of TypeScript is a whole program. */
export function programsOf(readme: string): Program[] {
  const blocks = [...readme.matchAll(/^```ts\n([\s\S]*?)^```\n(?:\nIt prints:\n\n```text\n([\s\S]*?)^```\n)?/gm)]
  return blocks.map(([, source, output = '']) => ({ source: source!, output }))
}

/** Blocks of shell commands that follow `<!-- session -->`. */
export const sessionsOf = (readme: string): string[] =>
  [...readme.matchAll(/^<!-- session -->\n\n```sh\n([\s\S]*?)^```$/gm)].map((m) => m[1]!)

export interface OptionsTable {
  /** A file under packages/. */
  readonly file: string
  /** The interfaces, or types, whose members the rows are; those after a minus are left out. */
  readonly types: readonly string[]
  readonly rows: readonly string[]
}

/** Tables that follow a comment such as `<!-- options: client/src/options.ts KafkaOptions -->`. */
export function optionsTablesOf(readme: string): OptionsTable[] {
  const tables = [...readme.matchAll(/^<!-- options: (\S+) (.+) -->\n\n((?:\|.*\n)+)/gm)]
  return tables.map(([, file, types, table]) => ({ file: file!, types: types!.split(' '), rows: firstCells(table!) }))
}

/** The code in the first cell of each row of a table, such as `brokers`. */
export const firstCells = (table: string): string[] => [...table.matchAll(/^\| `([^`]+)`.* \|$/gm)].map((m) => m[1]!)

/** The members of an exported interface, or of an object type; formatted source makes a line each of them. */
export function membersOf(file: string, type: string): string[] {
  const text = readFileSync(path.join(root, 'packages', file), 'utf8')
  const body = new RegExp(`^export (?:interface|type) ${type}\\b([\\s\\S]*?)^}$`, 'm').exec(text)?.[1]
  if (body === undefined) throw new Error(`${file} declares no type ${type}`)
  return [...body.matchAll(/(?:^ {2}|^ = \{ )readonly (\w+)\??:/gm)].map((m) => m[1]!)
}
