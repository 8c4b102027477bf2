/** What a schema registry made of a record, as it is printed. */
import type { DecodedPart, DecodedRecord } from '@tidemark/offsets'
import { say } from '../print/print.ts'

/** The JSON of a key or value; undefined: it was not decoded, and its bytes are shown. */
export const decodedText = (part: DecodedPart | undefined): string | undefined =>
  part?.kind === 'decoded' ? JSON.stringify(part.data) : undefined

/** `17 AVRO shop.Order`, and a question mark where it could not be decoded. */
export function schemaText(part: DecodedPart | undefined): string | null {
  if (part === undefined) return null
  if (part.kind === 'undecoded') return `${part.schemaId} ?`
  return `${part.schemaId} ${part.schemaType}${part.name === null ? '' : ` ${part.name}`}`
}

const PROBLEMS_MAX = 20

/** Says each problem once. A topic may have as many as it has records: after so many there is one more line. */
export class Problems {
  readonly #said = new Set<string>()

  say({ key, value }: DecodedRecord): void {
    for (const part of [key, value]) if (part?.kind === 'undecoded') this.#sayOne(part.problem)
  }

  #sayOne(problem: string): void {
    if (this.#said.size > PROBLEMS_MAX || this.#said.has(problem)) return
    this.#said.add(problem)
    say(this.#said.size > PROBLEMS_MAX ? 'warning: more records could not be decoded' : `warning: ${problem}; its bytes are shown`)
  }
}
