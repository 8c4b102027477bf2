/** The table of docs/guide/commands.md leaves no command out, and no form of its output. */
import type { Command, Option } from 'commander'
import { describe, expect, test } from 'vitest'
import { fieldsByCommand, fieldsTable, lastName } from '../../../conformance/commands/fields.ts'
import { tableOf, tablePage } from '../../../conformance/commands/table.ts'
import { loadProgram } from './program.ts'

/** Of the commands that are not in it, why. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  'tidemark up': 'runs until it is ended: tidemark.e2e.test.ts',
  'tidemark demo': 'takes a while, and its figures differ each time: demo.long.test.ts',
  'tidemark console': 'runs until it is ended: console.e2e.test.ts',
  'tidemark completion': 'prints a program: completion.e2e.test.ts',
}

const leaves = leavesOf((await loadProgram('all')) as Command, 'tidemark')
const commands = leaves.map(({ name, outputs }) => ({ name, outputs }))
const steps = tableOf(tablePage())
const lines = steps.map(({ line }) => line)
const linesOf = (name: string): string[] =>
  lines.filter((line) => line.startsWith(`${name} `) || line.includes(`| ${name} `) || line === name)

interface Leaf {
  readonly name: string
  readonly outputs: readonly string[]
  readonly options: readonly Option[]
}

function leavesOf(command: Command, name: string): Leaf[] {
  if (command.commands.length > 0) return command.commands.flatMap((sub) => leavesOf(sub as Command, `${name} ${sub.name()}`))
  const { argChoices = [], defaultValue } = command.options.find(({ long }) => long === '--output') ?? {}
  return [{ name, outputs: argChoices.filter((format) => format !== defaultValue), options: command.options }]
}

test('every command', () => {
  expect(commands.length).toBeGreaterThan(40)
  expect(commands.map(({ name }) => name).filter((name) => linesOf(name).length === 0)).toEqual(Object.keys(EXCEPTIONS))
})

test('every form of its output', () => {
  const forms = commands.flatMap(({ name, outputs }) => outputs.map((format) => ({ name, format })))
  expect(forms.length).toBeGreaterThan(60)
  expect(forms.filter(({ name, format }) => !linesOf(name).some((line) => line.includes(`-o ${format}`)))).toEqual([])
})

test('an option whose flag names several values is taken apart, and does not stay one text', () => {
  const options = leaves.flatMap(({ options }) => options).filter(({ flags }) => flags.includes('…>'))
  const unread = options.filter(({ parseArg }) => parseArg === undefined).map(({ flags }) => flags)
  // Addresses are read with the rest of the cluster's options, wherever they come from: connection.ts.
  expect(new Set(unread)).toEqual(new Set(['-b, --brokers <HOST:PORT,…>', '--to-brokers <HOST:PORT,…>']))
})

test('every exit code but those of a signal', () => {
  const codes = steps.map(({ answer }) => Number(/^exit (\d+)$/m.exec(answer)?.[1] ?? 0))
  expect([...new Set(codes)].sort()).toEqual([0, 1, 2, 3, 5, 6])
})

describe('fields of -o json', () => {
  const fields = fieldsByCommand(steps)

  test('are listed by command', () => {
    expect(fields.size).toBeGreaterThan(20)
    // The formatter pads its columns.
    const unpadded = (text: string): string => text.replaceAll(/ +\|/g, ' |').replaceAll(/-{3,}/g, '---')
    expect(unpadded(tablePage())).toContain(unpadded(fieldsTable(steps)))
  })

  test('have a meaning each, and no other names have', () => {
    const page = tablePage()
    const documented = [...page.slice(page.indexOf('| field ')).matchAll(/^\| `([$\w]+)` +\|/gm)].map(([, name]) => name!)
    const printed = new Set([...fields.values()].flat().map(lastName))
    expect(documented).toEqual([...printed].sort())
  })
})
