/**
 * Compares our message declarations with Kafka's own message files, field by field: maxima with Kafka 4.3.1, minima
 * with 3.9.
 *
 *   node --conditions=@tidemark/source conformance/declarations/compare.ts
 *
 * The files come out of Kafka's jars, which Maven fetches; they are not kept here. Needs `mvn` and `unzip`, and is
 * skipped without.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import * as protocol from '@tidemark/protocol'
import { NEWEST, OLDEST } from '../kafka/jars.ts'
import { NotToBeHad, obtain } from '../tools.ts'

type Field = protocol.fields.Field
type Fields = protocol.fields.Fields
type Range = readonly [number, number]

interface TheirField {
  readonly name: string
  readonly type: string
  readonly versions: string
  readonly nullableVersions?: string
  /** 'none': the old length prefix stays, also in flexible versions. */
  readonly flexibleVersions?: string
  readonly tag?: number
  readonly default?: unknown
  readonly fields?: readonly TheirField[]
}

interface TheirMessage {
  readonly validVersions: string
  readonly flexibleVersions: string
  readonly apiKey?: number
  readonly fields: readonly TheirField[]
  readonly commonStructs?: readonly { readonly name: string; readonly fields: readonly TheirField[] }[]
}

/** Where 4.3 declares a version that it does not serve by default (`latestVersionUnstable`). */
const UNSTABLE: Readonly<Record<string, number>> = { InitProducerIdRequest: 6, InitProducerIdResponse: 6 }

const differences: string[] = []
let compared = 0

function range(text: string | undefined): Range | undefined {
  const match = /^(\d+)(\+|-(\d+))?$/.exec(text ?? '')
  if (match === null) return undefined
  return [Number(match[1]), match[2] === '+' ? Number.POSITIVE_INFINITY : match[3] === undefined ? Number(match[1]) : Number(match[3])]
}

const clip = (a: Range, b: Range): Range => [Math.max(a[0], b[0]), Math.min(a[1], b[1])]
const isEmpty = (r: Range): boolean => r[0] > r[1]

function sameRange(where: string, what: string, ours: Range | undefined, theirs: Range | undefined, within: Range): void {
  const a = ours === undefined ? undefined : clip(ours, within)
  const b = theirs === undefined ? undefined : clip(theirs, within)
  const absent = (r: Range | undefined): boolean => r === undefined || isEmpty(r)
  if (absent(a) && absent(b)) return
  if (absent(a) || absent(b) || a![0] !== b![0] || a![1] !== b![1]) {
    differences.push(`${where}: ${what} ${String(a)} here, ${String(b)} in Kafka`)
  }
}

function typeOf(field: Field): string {
  if (field.kind === 'array') return `[]${typeOf(field.element!)}`
  return field.kind === 'offset' ? 'int64' : field.kind
}

const theirType = (type: string): string => type.replace(/^\[\][A-Z].*/, '[]struct').replace(/^[A-Z].*/, 'struct')

/** `within`: the versions that both declare. */
function compare(where: string, ours: Fields, theirs: readonly TheirField[], within: Range, structs: TheirMessage['commonStructs']): void {
  for (const their of theirs) {
    const versions = range(their.versions)
    if (versions === undefined || isEmpty(clip(versions, within))) continue
    compared++
    const name = their.name[0]!.toLowerCase() + their.name.slice(1)
    const our = ours[name]
    const at = `${where}.${name}`
    if (our === undefined) {
      differences.push(`${at}: not declared here`)
      continue
    }
    if (typeOf(our) !== theirType(their.type)) differences.push(`${at}: ${typeOf(our)} here, ${their.type} in Kafka`)
    sameRange(at, 'versions', range(our.options.versions) ?? [0, Number.POSITIVE_INFINITY], versions, within)
    sameRange(at, 'nullable', range(our.options.nullable), range(their.nullableVersions), clip(versions, within))
    if ((our.options.compact === false) !== (their.flexibleVersions === 'none')) differences.push(`${at}: compact or not`)
    if (our.options.tag !== their.tag) differences.push(`${at}: tag ${our.options.tag} here, ${their.tag} in Kafka`)
    const inner = our.fields ?? our.element?.fields
    const theirInner = their.fields ?? structs?.find((s) => s.name === their.type.replace('[]', ''))?.fields
    if (inner !== undefined && theirInner !== undefined) compare(at, inner, theirInner, clip(versions, within), structs)
  }
}

function jar(folder: string, artifact: string, version: string): string {
  obtain('mvn', ['-q', '-B', 'dependency:copy', `-Dartifact=org.apache.kafka:${artifact}:${version}`, `-DoutputDirectory=${folder}`])
  return path.join(folder, `${artifact}-${version}.jar`)
}

function unpack(folder: string, name: string, file: string): string {
  const target = path.join(folder, name)
  obtain('unzip', ['-qo', file, 'common/message/*', '-d', target])
  return path.join(target, 'common/message')
}

function load(folder: string, name: string): TheirMessage | undefined {
  const file = path.join(folder, `${name}.json`)
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8').replace(/^\s*\/\/.*$/gm, '')) : undefined
}

const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-declarations-'))
try {
  const newest = unpack(folder, NEWEST, jar(folder, 'kafka-clients', NEWEST))
  const group = unpack(folder, `group-${NEWEST}`, jar(folder, 'kafka-group-coordinator', NEWEST))
  const oldest = unpack(folder, OLDEST, jar(folder, 'kafka-clients', OLDEST))
  const messages = (Object.values(protocol) as unknown[]).filter(
    (m): m is protocol.Message => typeof m === 'object' && m !== null && 'flexibleFrom' in m && 'fields' in m,
  )
  for (const m of messages) {
    const latest = load(newest, m.name) ?? load(group, m.name)
    const earliest = load(oldest, m.name)
    if (latest === undefined) {
      differences.push(`${m.name}: Kafka has no such file`)
      continue
    }
    const top = (range(latest.validVersions) as Range)[1] - (UNSTABLE[m.name] === undefined ? 0 : 1)
    if (m.versions[1] !== top) differences.push(`${m.name}: up to version ${m.versions[1]} here, ${top} in Kafka 4.3.1`)
    if (m.apiKey >= 0 && m.apiKey !== latest.apiKey) differences.push(`${m.name}: API key ${m.apiKey} here, ${latest.apiKey} in Kafka`)
    const flexible = range(latest.flexibleVersions)?.[0] ?? Number.POSITIVE_INFINITY
    if (m.flexibleFrom !== flexible) differences.push(`${m.name}: flexible from ${m.flexibleFrom} here, ${flexible} in Kafka`)
    compare(m.name, m.fields, latest.fields, clip(m.versions, range(latest.validVersions) as Range), latest.commonStructs)
    if (earliest !== undefined) {
      compare(
        `${m.name} (3.9)`,
        m.fields,
        earliest.fields,
        clip(m.versions, range(earliest.validVersions) as Range),
        earliest.commonStructs,
      )
    }
  }
  console.log(`${messages.length} messages, ${compared} fields compared with Kafka's files, ${differences.length} differences`)
  for (const difference of differences) console.log(`  ${difference}`)
  process.exitCode = differences.length === 0 ? 0 : 1
} catch (error) {
  if (!(error instanceof NotToBeHad)) throw error
  console.log(`skipped: the declarations are not compared (${error.message})`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
