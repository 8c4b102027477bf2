import { Command } from 'commander'
import { expect, test } from 'vitest'
import { changesOf, collect, valuesOf } from './commands/config-changes.ts'
import { onceEach, REPEATED } from './once.ts'
import { loadProgram } from './program.ts'
import { wholeNumber } from './values.ts'

test('an option that takes one value is refused the second time', () => {
  const parsed = (...args: string[]) => {
    const command = new Command('x').option('-a, --one <A>', 'a').option('--no-one', 'none').option('-q', 'quiet')
    command.option('--many <B>', 'may be given more than once', collect)
    onceEach(command)
    return command.parse(args, { from: 'user' }).opts()
  }
  expect(parsed('-a', '1', '--many', '2', '-q', '--many', '3', '-q')).toEqual({ one: '1', many: ['2', '3'], q: true })
  expect(() => parsed('-a', '1', '--one=1')).toThrow('--one is given twice; leave one out')
})

const all = (command: Command): Command[] => [command, ...command.commands.flatMap((it) => all(it as Command))]

test('every option that collects says so in its help', async () => {
  const options = all(await loadProgram('all')).flatMap((command) => command.options)
  const collecting = options.filter(({ parseArg }) => parseArg?.name.startsWith('collect'))
  expect(collecting.length).toBeGreaterThan(10)
  expect(new Set(options.filter(({ description }) => REPEATED.test(description)))).toEqual(new Set(collecting))
})

test('the same name twice is refused, whatever is done with it', () => {
  expect(() => valuesOf(['a=1', 'b=1', 'a=2'], 'limit')).toThrow("the limit 'a' is given twice")
  expect(() => changesOf(['a=1', 'a+=2'])).toThrow("'a' is changed twice")
  expect(() => changesOf(['a=1'], ['a'])).toThrow("'a' is changed twice")
  expect(changesOf([], ['a', 'a'])).toEqual({ a: null })
  expect(Object.keys(valuesOf(['constructor=1', 'b=1']))).toEqual(['constructor', 'b'])
})

test('a number in exponent form is told as what it is', () => {
  expect(() => wholeNumber('--max', 1)('1e9')).toThrow("--max is '1e9'; it must be a whole number of 1 or more, in digits")
  expect(wholeNumber('--max', 1)('5')).toBe(5)
})
