/** kafkajs at the version that the judges use. */
import { createRequire } from 'node:module'
import path from 'node:path'
import { npmPackageFolder } from '../tools.ts'

type Constants = Readonly<Record<string, number>>

export interface KafkaJs {
  readonly Kafka: new (options: object) => any
  readonly logLevel: { readonly NOTHING: number }
  readonly CompressionTypes: Constants
  readonly ConfigResourceTypes: Constants
  readonly AclResourceTypes: Constants
  readonly AclOperationTypes: Constants
  readonly AclPermissionTypes: Constants
  readonly ResourcePatternTypes: Constants
}

const VERSION = '2.2.4'

/** The folder it is installed in, with these packages (`name@version`) beside it. */
export const kafkaJsFolder = (others: readonly string[] = []): string => npmPackageFolder('kafkajs', VERSION, { others })

export const kafkaJs = (folder = kafkaJsFolder()): KafkaJs => createRequire(path.join(folder, 'package.json'))('kafkajs') as KafkaJs
