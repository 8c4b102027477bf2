/**
 * `__proto__` is a name that Protobuf allows. The library leaves out whatever is called so, without a word: a field, or
 * a message, after which the indexes of a record name others. It is parsed under another name, and shown under its own.
 */
const NAME = '__proto__'
const ALIAS = '__proto__of_the_schema'

/** Texts and comments of a schema stay as they are. One without an end goes to the end of all: each is read once. */
const TOKENS = /"(?:\\[\s\S]|[^"\\])*(?:"|\\?$)|'(?:\\[\s\S]|[^'\\])*(?:'|\\?$)|\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|\b__proto__\b/g

export const parseable = (text: string): string =>
  text.includes(NAME) ? text.replaceAll(TOKENS, (token) => (token === NAME ? ALIAS : token)) : text

/** Of a field or a symbol: the name that the schema has. */
export const trueName = (name: string): string => (name === ALIAS ? NAME : name)

/** Of a message in full. */
export const trueFullName = (name: string): string => name.split('.').map(trueName).join('.')
