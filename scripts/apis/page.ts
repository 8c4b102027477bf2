/**
 * Writes docs/apis.md from the broker's handlers and its table of rights: every API that is served, its versions, and
 * what a principal needs for it. `node --conditions=@tidemark/source scripts/apis/page.ts` writes it; a test says when
 * it is out of date.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { apiByKey } from '@tidemark/protocol'
import { rules } from '../../packages/broker/src/auth/rules.ts'
import { allHandlers } from '../../packages/broker/src/handle/all.ts'
import { markdownTable } from '../markdown.ts'

const PAGE = path.join(import.meta.dirname, '../../docs/apis.md')
const HANDLERS = path.join(import.meta.dirname, '../../packages/broker/src/handle')

const HEAD = `# APIs that the broker serves

Written by \`node --conditions=@tidemark/source scripts/apis/page.ts\` from the handlers and from the table of rights; not by hand. The versions
are those that ApiVersions advertises: Kafka 3.9's lowest and Kafka 4.3's highest, unless the last column says otherwise. What a principal
needs is asked before the handler is, once an authorizer is on; \`or\` separates what suffices alone. [What Kafka does and we do
not](skipped.md) has the reasons.
`

/** APIs of Kafka 4.3 that clients send and this broker does not serve. */
const NOT_SERVED: readonly (readonly [apis: string, why: string])[] = [
  ['AddPartitionsToTxn 24, AddOffsetsToTxn 25, EndTxn 26, WriteTxnMarkers 27, TxnOffsetCommit 28', 'transactions'],
  ['DescribeTransactions 65, ListTransactions 66', 'transactions'],
  ['CreateDelegationToken 38, RenewDelegationToken 39, ExpireDelegationToken 40, DescribeDelegationToken 41', 'delegation tokens'],
  ['ConsumerGroupHeartbeat 68, ConsumerGroupDescribe 69', 'consumer groups of KIP-848'],
  ['ShareGroupHeartbeat 76, ShareGroupDescribe 77, ShareFetch 78, ShareAcknowledge 79, share group offsets 90 to 92', 'share groups'],
  ['StreamsGroupHeartbeat 88, StreamsGroupDescribe 89', 'streams groups'],
  ['AddRaftVoter 80, RemoveRaftVoter 81', 'one node is the whole quorum'],
]

const NOTES: Readonly<Record<number, string>> = { 0: '0 to 2 are advertised and refused, as by Kafka 4' }

interface Row {
  readonly key: number
  readonly name: string
  readonly versions: string
  readonly needs: string
  readonly says: string
}

function rowOf({ apiKey, minVersion, maxVersion }: { apiKey: number; minVersion: number; maxVersion: number }): Row {
  const api = apiByKey.get(apiKey)
  const rule = rules.find((one) => one.api.key === apiKey)
  if (api === undefined || rule === undefined) throw new Error(`API ${apiKey} has a handler, and no row in the table of rights`)
  const [lowest, highest] = api.request.versions
  const isWhole = minVersion <= lowest && maxVersion === highest
  return {
    key: apiKey,
    name: api.name,
    versions: minVersion === maxVersion ? String(maxVersion) : `${minVersion}–${maxVersion}`,
    needs: rule.needs,
    says: NOTES[apiKey] ?? (isWhole ? '' : `Kafka: ${lowest}–${highest}`),
  }
}

/** Throws for an API that is served without a handler's file of its own, or without a right. */
export function apisPage(): string {
  const rows = allHandlers().advertised.map(rowOf)
  const files = readdirSync(HANDLERS)
  for (const { key, name } of rows) {
    const prefix = `${String(key).padStart(2, '0')}-`
    if (!files.some((file) => file.startsWith(prefix))) throw new Error(`${name} has no file handle/${prefix}*.ts`)
  }
  return [
    HEAD,
    ...markdownTable(
      ['#', 'API', 'versions', 'needs', ''],
      rows.map(({ key, name, versions, needs, says }) => [String(key), name, versions, needs, says]),
    ),
    '',
    '## Not served',
    '',
    ...markdownTable(['API', 'what it is for'], NOT_SERVED),
    '',
  ].join('\n')
}

export const writtenApisPage = (): string => readFileSync(PAGE, 'utf8')

if (import.meta.main) writeFileSync(PAGE, apisPage())
