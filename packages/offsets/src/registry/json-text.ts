/** JSON of a JSON Schema, as it was written: integers that a number cannot hold become their digits. */
import { Undecodable } from './problem.ts'

const DEPTH_MAX = 100

type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown

const keepDigits: Reviver = (_, value, { source }) =>
  typeof value === 'number' && source !== undefined && /^-?\d+$/.test(source) && !Number.isSafeInteger(value) ? source : value

/** Throws `Undecodable`. */
export function parsedJson(text: string): unknown {
  if (nestingOf(text) > DEPTH_MAX) throw new Undecodable(`its values nest more than ${DEPTH_MAX} deep`)
  try {
    return JSON.parse(text, keepDigits as Parameters<typeof JSON.parse>[1])
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error // what JSON.parse throws for text that is not JSON
    throw new Undecodable('it is not JSON')
  }
}

/** Found without recursion, which JSON.parse with a reviver is not. */
export function nestingOf(text: string): number {
  let depth = 0
  let deepest = 0
  let isInText = false
  for (let i = 0; i < text.length; i++) {
    const character = text[i]
    if (isInText) {
      if (character === '\\') i++
      else if (character === '"') isInText = false
    } else if (character === '"') isInText = true
    else if (character === '[' || character === '{') deepest = Math.max(deepest, ++depth)
    else if (character === ']' || character === '}') depth--
  }
  return deepest
}
