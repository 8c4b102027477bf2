/** JSON of a JSON Schema, as it was written: integers that a number cannot hold become their digits. */
import { CONTAINER_COST, OUTPUT_MAX } from './byte-reader.ts'
import { Undecodable } from './problem.ts'

const DEPTH_MAX = 100

type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown

const keepDigits: Reviver = (_, value, { source }) =>
  typeof value === 'number' && source !== undefined && /^-?\d+$/.test(source) && !Number.isSafeInteger(value) ? source : value

/** Throws `Undecodable`. */
export function parsedJson(text: string): unknown {
  const { deepest, containers, values } = shapeOf(text)
  if (deepest > DEPTH_MAX) throw new Undecodable(`its values nest more than ${DEPTH_MAX} deep`)
  if (containers * CONTAINER_COST + values > OUTPUT_MAX) throw new Undecodable('it has more values than any true record has')
  try {
    return JSON.parse(text, keepDigits as Parameters<typeof JSON.parse>[1])
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error // what JSON.parse throws for text that is not JSON
    throw new Undecodable('it is not JSON')
  }
}

interface Shape {
  readonly deepest: number
  /** Objects and lists. */
  readonly containers: number
  readonly values: number
}

/** Found without recursion, which JSON.parse with a reviver is not. */
export function shapeOf(text: string): Shape {
  let depth = 0
  let deepest = 0
  let containers = 0
  let values = 1
  let isInText = false
  for (let i = 0; i < text.length; i++) {
    const character = text[i]
    if (isInText) {
      if (character === '\\') i++
      else if (character === '"') isInText = false
    } else if (character === '"') isInText = true
    else if (character === ',') values++
    else if (character === '[' || character === '{') {
      containers++
      deepest = Math.max(deepest, ++depth)
    } else if (character === ']' || character === '}') depth--
  }
  return { deepest, containers, values }
}
