import type { Command } from 'commander'
import { describe, expect, test } from 'vitest'
import { helpAsked } from './help.ts'
import { loadProgram } from './program.ts'

const program = await loadProgram('all')
const asked = (line: string): string => helpAsked(program, line.split(' ')).join(' ')

function nounsOf(command: Command, path: readonly string[] = []): string[] {
  return command.commands.flatMap((it) => {
    const at = [...path, it.name()]
    return it.commands.length === 0 ? [] : [at.join(' '), ...nounsOf(it as Command, at)]
  })
}
const nouns = nounsOf(program)

test.each([
  ['help', '--help'],
  ['help --nope', '--help'],
  ['help offsets plan', 'offsets plan --help'],
  ['offsets help plan', 'offsets plan --help'],
  ['offsets bookmark help set', 'offsets bookmark set --help'],
  ['help lag billing', 'lag --help'],
])('`%s` is `%s`', (typed, same) => {
  expect(asked(typed)).toBe(same)
})

test.each(['lag help', 'group describe help', '--help', 'grup help', 'group list'])('`%s` stays as it is', (typed) => {
  expect(asked(typed)).toBe(typed)
})

describe('a word that no command has is left for what says so', () => {
  test('there are nouns', () => expect(nouns).toEqual(expect.arrayContaining(['topic', 'group', 'offsets bookmark'])))

  test.each(nouns)('%s', (noun) => {
    expect(asked(`help ${noun} nope`)).toBe(`${noun} nope`)
    expect(asked(`${noun} help nope`)).toBe(`${noun} nope`)
  })

  test('of the program', () => expect(asked('help nope')).toBe('nope'))
})
