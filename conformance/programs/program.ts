/**
 * What a program of others is to its judge, and the two brokers that it is run on: alike in all that a client can
 * tell.
 */
import { startBroker } from '@tidemark/broker'
import { asFormatted, KAFKA_WITH_ACLS, OURS_WITH_ACLS } from '../kafka/alike.ts'
import { startKafka } from '../kafka/cluster.ts'
import { NEWEST } from '../kafka/jars.ts'

/**
 * By the name of the step: what was answered, without what two clusters cannot have in common. The last one has the
 * program's name.
 */
export type Answers = ReadonlyMap<string, string>

export interface Program {
  readonly name: string
  readonly inSlice: boolean
  /** Brings it onto the machine. @throws NotToBeHad */
  build(): Promise<void>
  play(address: string): Promise<Answers>
  /** Steps of which the answers differ, and why. */
  readonly differs: readonly (readonly [RegExp, string])[]
}

export async function onOurs<T>(act: (address: string) => Promise<T>): Promise<T> {
  await using broker = await startBroker({ data: ':memory:', ...OURS_WITH_ACLS })
  await asFormatted(broker.brokers)
  return await act(broker.brokers[0]!)
}

export async function onKafka<T>(act: (address: string) => Promise<T>): Promise<T> {
  const kafka = await startKafka(NEWEST, 1, KAFKA_WITH_ACLS)
  try {
    return await act(kafka.brokers[0]!)
  } finally {
    await kafka.close()
  }
}
