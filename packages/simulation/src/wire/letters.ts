/** Dead letters on the wire, read without the code that writes them. */
import { batchesIn, type ProduceRequest, type ProduceResponse, RecordCursor } from '@tidemark/protocol'
import { type Fact, placeOf } from '../facts.ts'
import type { TopicNames } from './topic-names.ts'

/** The topic for dead letters of a simulated world. */
export const DEAD_LETTERS = 'dead'

/** A power loss can take its creation back, and then it is created again. */
const isOfLetters = (spelled: string): boolean => spelled.replace(/~\d+$/, '') === DEAD_LETTERS

type LetterWritten = Extract<Fact, { kind: 'letterWritten' }>

/** The dead letters that the broker has taken. */
export function lettersIn(request: ProduceRequest, answer: ProduceResponse, names: TopicNames): LetterWritten[] {
  const taken = new Set(
    answer.responses
      .filter((t) => isOfLetters(names.of(t.name, t.topicId)))
      .flatMap((t) => t.partitionResponses.filter((p) => p.errorCode === 0).map((p) => p.index)),
  )
  const letters: LetterWritten[] = []
  for (const { name, topicId, partitionData } of request.topicData) {
    if (!isOfLetters(names.of(name, topicId))) continue
    for (const { index, records } of partitionData) if (taken.has(index) && records !== null) letters.push(...lettersOf(records, names))
  }
  return letters
}

function* lettersOf(records: Buffer, names: TopicNames): Generator<LetterWritten> {
  for (const { at, header } of batchesIn(records)) {
    const cursor = new RecordCursor(records.subarray(at, at + header.size), header)
    while (cursor.next()) {
      const headers = new Map(cursor.headers().map(({ key, value }) => [key, value === null ? '' : Buffer.from(value).toString()]))
      const text = (what: string): string => headers.get(`tidemark-${what}`) ?? ''
      const [id, topic, partition] = [text('id'), text('origin-topic'), Number(text('origin-partition'))]
      const place = placeOf(names.ofContext(id, topic), partition)
      const offset = Number(text('origin-offset'))
      const isNamed = id.slice(22) === `-${partition}-${offset}`
      yield { kind: 'letterWritten', group: text('group'), place, offset, value: String(cursor.value), isNamed }
    }
  }
}
