/**
 * How much a Protobuf file may say, before the library reads it. The time that the library takes grows with the square
 * of the fields of a message: ten thousand are twenty seconds.
 *
 * A field counts for its message, wherever it is written: in a oneof, which is a block of its own; as a group, which is
 * a block and ends with no semicolon; in an `extend`, of which there may be as many as fields.
 */
import { Undecodable } from '../problem.ts'

/** Of one message, of the extensions of all files, and of all `reserved` of a file. */
const STATEMENTS_MAX = 2_000

/**
 * Extensions times blocks, of all files: the library looks for what each of the one extends among all of the others.
 */
const SEARCHES_MAX = 500_000

interface Block {
  count: number
}

/** Of all files of a schema. */
export class SchemaSize {
  /** One for all: they may extend one message. */
  readonly extensions: Block = { count: 0 }
  blocks = 0
}

/** Counts what is in the file. Throws `Undecodable`. */
export function checkSize(text: string, size: SchemaSize): void {
  const bare = withoutText(text)
  if (mostStatements(bare, size) > STATEMENTS_MAX) throw new Undecodable(`a message of its schema has more than ${STATEMENTS_MAX} fields`)
  if (size.extensions.count * size.blocks > SEARCHES_MAX)
    throw new Undecodable(`its schema has too many extensions, ${size.extensions.count}, for one with ${size.blocks} messages and enums`)
  const ranges = (bare.match(/\b(?:reserved|extensions)\b[^;{}]*/g) ?? []).reduce((sum, it) => sum + it.split(',').length, 0)
  if (ranges > STATEMENTS_MAX) throw new Undecodable(`its schema reserves more than ${STATEMENTS_MAX} numbers and names`)
}

/**
 * Without comments and strings, as the library finds them: what does not end goes to the end of the file. A space
 * stands where they were: they part words.
 */
function withoutText(text: string): string {
  let bare = ''
  let from = 0
  for (let at = nextMark(text, 0); at < text.length; at = nextMark(text, from)) {
    bare += `${text.slice(from, at)} `
    from = endOfText(text, at)
  }
  return bare + text.slice(from)
}

function nextMark(text: string, from: number): number {
  const mark = /["']|\/[/*]/g
  mark.lastIndex = from
  return mark.exec(text)?.index ?? text.length
}

/** Of the comment or string that begins at `at`. */
function endOfText(text: string, at: number): number {
  const mark = text[at]!
  if (mark === '/') {
    const end = text[at + 1] === '/' ? text.indexOf('\n', at) : text.indexOf('*/', at + 2)
    return end < 0 ? text.length : end + (text[at + 1] === '/' ? 1 : 2)
  }
  for (let i = at + 1; i < text.length; i++) {
    if (text[i] === '\\') i++
    else if (text[i] === mark) return i + 1
  }
  return text.length
}

function mostStatements(bare: string, size: SchemaSize): number {
  const open: Block[] = [{ count: 0 }]
  let most = 0
  // Heads of statements and blocks, each followed by what ends it.
  const parts = bare.split(/([;{}])/)
  for (let i = 0; i + 1 < parts.length; i += 2) {
    const [head, mark] = [parts[i]!, parts[i + 1]!]
    const within = open.at(-1)
    if (mark === '}') open.pop()
    else if (within !== undefined && (mark === ';' || isField(head))) most = Math.max(most, ++within.count)
    if (mark !== '{') continue
    open.push(blockOf(head, within, size))
    size.blocks++
  }
  return most
}

const isField = (head: string): boolean => /\bgroup\b/.test(head)

function blockOf(head: string, within: Block | undefined, { extensions }: SchemaSize): Block {
  if (/\bextend\b/.test(head)) return extensions
  return within !== undefined && /\boneof\b/.test(head) ? within : { count: 0 }
}
