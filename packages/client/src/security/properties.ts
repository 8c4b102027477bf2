/**
 * Files of settings as Java's `Properties` reads them: `=`, `:` or a blank between key and value, `\` at the end of a
 * line that goes on in the next one, and `\u` with four hexadecimal digits.
 */

/**
 * Keys and values in the order of the file; a key that comes again has its last value. Throws `SyntaxError`, with the
 * line.
 */
export function parseProperties(text: string): Map<string, string> {
  const found = new Map<string, string>()
  const lines = text.split(/\r\n|\r|\n/)
  for (let i = 0; i < lines.length; i++) {
    let line = lines[i]!.trimStart()
    if (line === '' || line.startsWith('#') || line.startsWith('!')) continue
    const first = i + 1
    while (/(?:^|[^\\])(?:\\\\)*\\$/.test(line)) line = line.slice(0, -1) + (lines[++i] ?? '').trimStart()
    const [, key = '', value = ''] = /^((?:\\.|[^\\=:\s])*)\s*[=:]?\s*(.*)$/s.exec(line)!
    found.set(unescaped(key, first), unescaped(value, first))
  }
  return found
}

const ESCAPES: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f' }

function unescaped(text: string, line: number): string {
  return text.replaceAll(/\\(u(.{0,4})|.)/gs, (_, code: string, hex?: string) => {
    if (hex === undefined) return ESCAPES[code] ?? code
    if (!/^[\da-f]{4}$/i.test(hex)) throw new SyntaxError(`line ${line} has \\u without four hexadecimal digits after it`)
    return String.fromCharCode(Number.parseInt(hex, 16))
  })
}
