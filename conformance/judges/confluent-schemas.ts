/**
 * Confluent's own serializers for Python (Avro, JSON Schema, Protobuf with imports and nested messages, ids in
 * headers), in a virtual environment outside the repository: what they write to our broker, `tidemark consume
 * --registry` has to read.
 */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { startRegistry } from '../../packages/offsets/src/testing/registry.ts'
import { equal, type Report } from '../report.ts'
import { CACHE, make, run, TIDEMARK } from '../tools.ts'
import { OurBroker } from './our-broker.ts'

const FOLDER = path.join(CACHE, 'confluent-schemas-2.16.1')
const PYTHON = path.join(FOLDER, 'bin', 'python')
const READY = path.join(FOLDER, 'ready')
const JUDGE = fileURLToPath(new URL('confluent_schemas_judge.py', import.meta.url))

const FILES: Readonly<Record<string, string>> = {
  'money.proto': 'syntax = "proto3"; package shop; message Money { int64 units = 1; }',
  'order.proto': `syntax = "proto3"; package shop;
import "money.proto";
import "google/protobuf/timestamp.proto";
message First { string unused = 1; }
message Order {
  message Line { string sku = 1; bytes raw = 2; double ratio = 3; }
  int64 id = 1; Money total = 2; google.protobuf.Timestamp at = 3; repeated Line lines = 4; map<string, int32> counts = 5;
  enum State { NEW = 0; PAID = 1; } State state = 6; oneof who { string person = 7; string firm = 8; } optional uint64 big = 9;
}`,
}

interface Written {
  readonly topic: string
  readonly values: readonly unknown[]
}

export async function judge(report: Report): Promise<void> {
  await using registry = await startRegistry((subject) => FILES[subject] ?? FILES['order.proto']!)
  await judgeSerializers(report, registry.url, 'guids')
}

/** Writes with a registry, and reads with it. Ids in headers are those that a registry gives beside the number. */
export async function judgeSerializers(report: Report, url: string, ids: 'guids' | 'numbers'): Promise<void> {
  await install()
  await using broker = await OurBroker.start('disk')
  const { stdout, stderr, code } = await run(PYTHON, [JUDGE, broker.address, url, JSON.stringify(FILES), ids], undefined, 120_000)
  for (const line of stdout.split('\n').filter((it) => it.startsWith('{'))) {
    const { topic, values } = JSON.parse(line) as Written
    await report.check(topic, async () => {
      const read = await run(process.execPath, [TIDEMARK, 'consume', topic, '-b', broker.address, '--registry', url])
      equal(
        read.stdout
          .trimEnd()
          .split('\n')
          .map((it) => JSON.parse(it)),
        values,
      )
    })
  }
  await report.check('runs to its end', () => {
    if (code !== 0) throw new Error(`ended with ${code}: ${stderr.slice(-800)}`)
  })
}

async function install(): Promise<void> {
  if (existsSync(READY)) return
  const packages = "'confluent-kafka[avro,json,protobuf,schemaregistry]==2.16.1' grpcio-tools==1.85.1"
  await make(`python3 -m venv ${FOLDER} && ${PYTHON} -m pip install -q ${packages} && touch ${READY}`, '/', 300_000)
}
