import { Command, Option } from 'commander'
import { expect, test } from 'vitest'
import { candidatesFor } from './candidates.ts'

const program = new Command('tidemark')
program
  .command('lag')
  .argument('[GROUP...]')
  .option('-b, --brokers <HOST:PORT>')
  .addOption(new Option('--by <WHAT>').choices(['group', 'partition']))
const offsets = program.command('offsets')
offsets.command('plan').argument('<GROUP>').option('--topic <TOPIC>').option('--to <TARGET>').option('--to-earliest')
const bookmark = offsets.command('bookmark')
for (const verb of ['set', 'delete']) bookmark.command(verb).argument('<GROUP>').argument('<NAME>')
const profile = program.command('profile')
for (const verb of ['add', 'use']) profile.command(verb).argument('<NAME>')
offsets.command('copy').argument('<FROM>').argument('<TO>')

const of = (...words: string[]) => candidatesFor(program, words)

test('commands, and those of a command', () => {
  expect(of('').words).toEqual(['lag', 'offsets', 'profile'])
  expect(of('o').words).toEqual(['offsets'])
  expect(of('offsets', '').words).toEqual(['plan', 'bookmark', 'copy'])
})

test('options of the command that was typed, and the words that one takes', () => {
  expect(of('offsets', 'plan', '--t').words).toEqual(['--topic', '--to', '--to-earliest'])
  expect(of('lag', '--by', '').words).toEqual(['group', 'partition'])
  expect(of('lag', '--by', 'p').words).toEqual(['partition'])
})

test('names that the cluster knows, and where it is', () => {
  expect(of('lag', '-b', 'kafka:9092', 'bil')).toEqual({ words: [], wanted: 'group', typed: { '--brokers': 'kafka:9092' } })
  expect(of('lag', 'one', 'two', '').wanted).toBe('group')
  expect(of('offsets', 'plan', 'billing', '--topic', '').wanted).toBe('topic')
  expect(of('offsets', 'plan', 'billing', '').wanted).toBeUndefined()
  expect(of('offsets', 'copy', 'billing', '').wanted).toBeUndefined()
})

test('names that the user has given: bookmarks and profiles, where they are not new', () => {
  expect(of('offsets', 'bookmark', 'delete', 'billing', '').wanted).toBe('bookmark')
  expect(of('offsets', 'bookmark', 'set', 'billing', '').wanted).toBeUndefined()
  expect(of('profile', 'use', '').wanted).toBe('profile')
  expect(of('profile', 'add', '').wanted).toBeUndefined()
})

test('where a move goes', () => {
  expect(of('offsets', 'plan', 'billing', '--to', '')).toMatchObject({
    words: ['start', 'end', 'current', 'group:', 'bookmark:'],
    wanted: 'target',
  })
  expect(of('offsets', 'plan', 'billing', '--to', 'bookmark:b')).toMatchObject({ words: [], wanted: 'target' })
})
