/**
 * What a program of others is to its judge, and the two brokers that it is run on: alike in all that a client can
 * tell.
 */
import { startBroker } from '@tidemark/broker'
import { createAdmin, createKafka } from '@tidemark/client'
import { startKafka } from '../kafka/cluster.ts'

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

const KAFKA = '4.3.1'
const SUPER_USER = 'User:ANONYMOUS'
const AUTHORIZER = 'org.apache.kafka.metadata.authorizer.StandardAuthorizer'
/** As `startKafka` has it. */
const SAME_AS_KAFKA = { numPartitions: 4, offsetsPartitions: 4 }

export async function onOurs<T>(act: (address: string) => Promise<T>): Promise<T> {
  await using broker = await startBroker({ data: ':memory:', ...SAME_AS_KAFKA, authorizer: { superUsers: [SUPER_USER] } })
  await asFormatted(broker.brokers)
  return await act(broker.brokers[0]!)
}

/** What Kafka's storage holds from the start, where eligible leader replicas (KIP-966) are on. */
async function asFormatted(brokers: readonly string[]): Promise<void> {
  await using kafka = createKafka({ brokers })
  await createAdmin(kafka).configs.alter({ type: 'broker', name: '' }, { 'min.insync.replicas': '1' })
}

export async function onKafka<T>(act: (address: string) => Promise<T>): Promise<T> {
  const settings = { 'authorizer.class.name': AUTHORIZER, 'super.users': SUPER_USER }
  const kafka = await startKafka(KAFKA, 1, { protocols: [], settings })
  try {
    return await act(kafka.brokers[0]!)
  } finally {
    await kafka.close()
  }
}
