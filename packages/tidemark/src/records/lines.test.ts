import { expect, test } from 'vitest'
import { linesOf } from './lines.ts'

async function cut(chunks: readonly string[], bytesMax?: number): Promise<[number, string][]> {
  async function* source(): AsyncGenerator<Buffer> {
    for (const chunk of chunks) yield Buffer.from(chunk, 'latin1')
  }
  const lines: [number, string][] = []
  for await (const { number, bytes } of linesOf(source(), bytesMax)) lines.push([number, bytes.toString('latin1')])
  return lines
}

test.each<[string, string[], string[]]>([
  ['a line over several chunks', ['a', 'b', 'c\nd', '\n'], ['abc', 'd']],
  ['a last line without a newline', ['a\nb'], ['a', 'b']],
  ['empty lines', ['\n\na\n'], ['', '', 'a']],
  ['a carriage return', ['a\r\nb\r', '\n'], ['a\r', 'b\r']],
  ['bytes that are not UTF-8', ['\xff\xfe\n\x00'], ['\xff\xfe', '\x00']],
  ['nothing', [], []],
])('%s', async (_, chunks, lines) => {
  expect(await cut(chunks)).toEqual(lines.map((text, i) => [i + 1, text]))
})

test('a line that is too long is named by its number', async () => {
  await expect(cut(['a\nbbbb'], 3)).rejects.toMatchObject({ code: 'INVALID_MESSAGE', message: 'line 2 is longer than 3 bytes' })
})
