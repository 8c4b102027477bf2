/** What a registry is asked, in order: Confluent's API and its own; and what of an answer differs from run to run. */

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly path: string
  readonly body?: unknown
}

export interface Answer {
  readonly status: number
  readonly body: string
}

const CCOMPAT = '/apis/ccompat/v7'
const OWN = '/apis/registry/v3'

const get = (path: string): Call => ({ method: 'GET', path })
const post = (path: string, body: unknown = undefined): Call => ({ method: 'POST', path, body })
const put = (path: string, body: unknown): Call => ({ method: 'PUT', path, body })
const remove = (path: string): Call => ({ method: 'DELETE', path })
const subject = (name: string): string => `${CCOMPAT}/subjects/${name}/versions`

const avro = (...fields: readonly object[]): object => ({
  schema: JSON.stringify({ type: 'record', name: 'Order', namespace: 'shop', fields: [{ name: 'id', type: 'long' }, ...fields] }),
})
const NOTE = { name: 'note', type: 'string', default: '' }
const PROTO = 'syntax = "proto3"; package shop; message Money { int64 units = 1; }'
const USES_PROTO = 'syntax = "proto3"; package shop; import "money.proto"; message Order { int64 id = 1; Money total = 2; }'
const MONEY = [{ name: 'money.proto', subject: 'money.proto', version: 1 }]

export const CHANGES: readonly Call[] = [
  post(subject('orders-value'), avro()),
  post(subject('orders-value'), avro()),
  put(`${CCOMPAT}/config/orders-value`, { compatibility: 'BACKWARD' }),
  post(subject('orders-value'), avro(NOTE)),
  post(subject('orders-value'), avro({ name: 'must', type: 'string' })),
  post(`${CCOMPAT}/compatibility/subjects/orders-value/versions/latest`, avro({ name: 'must', type: 'string' })),
  post(subject('orders-value'), { schema: 'not a schema' }),
  post(subject('money.proto'), { schema: PROTO, schemaType: 'PROTOBUF' }),
  post(subject('paid-value'), { schema: USES_PROTO, schemaType: 'PROTOBUF', references: MONEY }),
  post(subject('events-value'), { schema: '{"type":"object"}', schemaType: 'JSON' }),
  ...Array.from({ length: 40 }, (_, i) => post(subject(`many-${i}`), avro({ ...NOTE, name: `note${i % 7}` }))),
  put(`${CCOMPAT}/config`, { compatibility: 'FULL' }),
  remove(`${CCOMPAT}/subjects/many-0`),
  remove(`${subject('orders-value')}/1`),
  post(`${OWN}/groups`, { groupId: 'team', description: 'a group', labels: { of: 'us' } }),
  post(`${OWN}/groups/team/artifacts`, {
    artifactId: 'api',
    artifactType: 'JSON',
    firstVersion: { version: '1.0', content: { content: '{"a":1}', contentType: 'application/json' } },
  }),
  post(`${OWN}/groups/team/artifacts/api/versions`, { content: { content: '{"a":2}', contentType: 'application/json' } }),
  post(`${OWN}/groups/team/artifacts/api/rules`, { ruleType: 'VALIDITY', config: 'FULL' }),
  put(`${OWN}/groups/team/artifacts/api`, { name: 'An API', labels: { stage: 'test' } }),
  post(`${OWN}/admin/rules`, { ruleType: 'VALIDITY', config: 'SYNTAX_ONLY' }),
  get(`${OWN}/admin/snapshots`),
  post(`${OWN}/admin/snapshots`),
  post(subject('after-the-snapshot'), avro(NOTE)),
]

export const READS: readonly Call[] = [
  get(`${CCOMPAT}/subjects`),
  get(`${CCOMPAT}/config`),
  get(`${CCOMPAT}/config/orders-value`),
  get(subject('orders-value')),
  get(`${subject('orders-value')}/latest`),
  get(`${subject('orders-value')}/1`),
  get(subject('paid-value')),
  get(`${subject('paid-value')}/1`),
  get(`${subject('money.proto')}/1/referencedby`),
  get(subject('after-the-snapshot')),
  get(subject('no-such')),
  get(`${CCOMPAT}/schemas/ids/1`),
  get(`${CCOMPAT}/schemas/ids/3`),
  get(`${CCOMPAT}/schemas/ids/999`),
  get(`${OWN}/groups`),
  get(`${OWN}/groups/team`),
  get(`${OWN}/groups/team/artifacts/api`),
  get(`${OWN}/groups/team/artifacts/api/versions`),
  get(`${OWN}/groups/team/artifacts/api/rules/VALIDITY`),
  get(`${OWN}/admin/rules`),
  get(`${OWN}/search/artifacts?limit=100&orderby=artifactId`),
]

const REPLACED: readonly (readonly [RegExp, string])[] = [
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, 'TIME'],
  [/[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}/g, 'ID'],
]

export async function ask(url: string, { method, path, body }: Call): Promise<Answer> {
  const content = body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  const response = await fetch(url + path, { method, ...content, signal: AbortSignal.timeout(30_000) })
  const text = await response.text()
  return { status: response.status, body: REPLACED.reduce((all, [pattern, by]) => all.replaceAll(pattern, by), text) }
}
