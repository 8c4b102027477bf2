import { expect, test } from 'vitest'
import { Terminal } from './terminal.ts'

test('a picture is drawn over the one before', () => {
  const terminal = new Terminal(10, 4)
  terminal.write('first\r\nsecond\r\n')
  terminal.write('\x1b[2A\rone\x1b[K\r\n\x1b[3')
  terminal.write('2mtwo\x1b[0m\x1b[K\r\n\x1b[J')
  expect(terminal.text()).toBe('one\ntwo\n\n')
  expect(
    terminal
      .lines()[1]!
      .slice(0, 4)
      .map((cell) => cell.sgr),
  ).toEqual(['32', '32', '32', '0'])
})

test('long lines wrap, and full screens scroll', () => {
  const terminal = new Terminal(4, 2)
  terminal.write('abcdef\r\nxyz')
  expect(terminal.text()).toBe('ef\nxyz')
})
