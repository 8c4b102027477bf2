/** The value of `sasl.jaas.config`: `org.apache…ScramLoginModule required username="alice" password="…";` */

export interface LoginModule {
  /** The class, with its package. */
  readonly name: string
  readonly options: ReadonlyMap<string, string>
}

/** One login module. Throws `SyntaxError`, which shows none of the values. */
export function parseJaas(text: string): LoginModule {
  const tokens = [...tokensOf(text)]
  const [name, flag] = tokens
  if (name?.kind !== 'word' || flag?.kind !== 'word') throw new SyntaxError("it must begin with a login module and 'required'")
  if (!FLAGS.has(flag.text.toLowerCase())) throw new SyntaxError("'required' must follow the login module")
  const options = new Map<string, string>()
  let at = 2
  for (; tokens[at] !== undefined && !isSign(tokens[at], ';'); at += 3) {
    const [key, equals, value] = tokens.slice(at, at + 3)
    if (key?.kind === 'sign') throw new SyntaxError(`option ${options.size + 1} has no name`)
    if (!isSign(equals, '=') || value === undefined || value.kind === 'sign') {
      throw new SyntaxError(`option ${options.size + 1} has no value: write NAME="VALUE"`)
    }
    options.set(key!.text, value.text)
  }
  if (tokens[at] === undefined) throw new SyntaxError("there is no ';' at its end")
  if (tokens.length > at + 1) throw new SyntaxError('it has more than one login module')
  return { name: name.text, options }
}

const FLAGS = new Set(['required', 'requisite', 'sufficient', 'optional'])

interface Token {
  readonly kind: 'word' | 'quoted' | 'sign'
  readonly text: string
}

const isSign = (token: Token | undefined, text: string): boolean => token?.kind === 'sign' && token.text === text

const ESCAPES: Readonly<Record<string, string>> = { a: '\u0007', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\u000b' }

/**
 * As Java's `StreamTokenizer` cuts it: words, text in quotes of either kind with escapes, and signs; comments are left
 * out.
 */
function* tokensOf(text: string): Generator<Token> {
  const pattern = /\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/|(["'])((?:\\[\s\S]|(?!\1)[^\\\n])*)(\1?)|([\w.$\u0080-\uffff-]+)|([\s\S])/g
  for (const [, quote, quoted, end, word, sign] of text.matchAll(pattern)) {
    if (quote !== undefined) {
      if (end === '') throw new SyntaxError('a quote is not closed')
      yield { kind: 'quoted', text: quoted!.replaceAll(/\\([0-3][0-7]{0,2}|[\s\S])/g, (_, code: string) => unescaped(code)) }
    } else if (word !== undefined) yield { kind: 'word', text: word }
    else if (sign !== undefined) yield { kind: 'sign', text: sign }
  }
}

const unescaped = (code: string): string => (/^[0-7]/.test(code) ? String.fromCharCode(Number.parseInt(code, 8)) : (ESCAPES[code] ?? code))
