/** The first test of the README of `testing`, under the test runners that are not Vitest: Jest and node:test. */
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { finished } from './processes.ts'
import { readmeOf } from './readme.ts'
import type { Missing, Tool } from './toolchain.ts'
import { COMPILER_OPTIONS, installedWith, type Project } from './trial.ts'

const JEST = '^30.5.2'

/** The service of the test: it charges every order. */
const BILLING = `import { createProducer, type Kafka } from '@tidemark/client'
import { createConsumer } from '@tidemark/consumer'

export function startBilling(kafka: Kafka): AsyncDisposable {
  const producer = createProducer(kafka)
  const consumer = createConsumer(kafka, { group: 'billing', commit: { intervalMs: 50 } })
  consumer.each('orders', async ({ key, value }) => void (await producer.send('charges', { key, value })))
  const ended = consumer.run()
  return {
    async [Symbol.asyncDispose]() {
      await consumer.close()
      await ended
      await producer.close()
    },
  }
}
`

/** A project with the packages and Jest, in which the test is compiled for each runner. */
export async function installedRunners(
  into: string,
  node: Tool,
  typescript: Tool,
  tarballs: ReadonlyMap<string, string>,
): Promise<Project | Missing> {
  const project = await installedWith({ folder: path.join(into, 'test-runners'), node, tarballs, others: { jest: JEST } })
  if (!('folder' in project)) return project
  const { folder } = project
  const test = firstTest()
  mkdirSync(path.join(folder, 'src'))
  const write = (file: string, text: string): void => writeFileSync(path.join(folder, file), text)
  write('src/billing.ts', BILLING)
  write('src/jest.test.ts', replaced(test, [["from 'vitest'", "from '@jest/globals'"]]))
  write('src/node.test.ts', replaced(test, FOR_NODE))
  write('jest.config.json', JSON.stringify({ transform: {}, testMatch: ['**/out/jest.test.js'] }))
  const compilerOptions = { ...COMPILER_OPTIONS, lib: ['es2023', 'esnext.disposable'], rewriteRelativeImportExtensions: true }
  write('tsconfig.json', JSON.stringify({ compilerOptions, include: ['src'] }))
  const compiled = await finished(process.execPath, [typescript.path, '-p', '.'], { cwd: folder })
  if (compiled.code !== 0) throw new Error(`tsc: ${compiled.all.trim()}`)
  return project
}

const FOR_NODE = [
  [
    "import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'",
    "import assert from 'node:assert/strict'\nimport { after, afterEach, before, test } from 'node:test'",
  ],
  ['{ beforeAll, afterEach, afterAll }', '{ before, afterEach, after }'],
  ["expect(charge!.value!.toString()).toBe('9.50')", "assert.equal(charge!.value!.toString(), '9.50')"],
] as const

/** As the README shows it, for Vitest. */
function firstTest(): string {
  const block = /^```typescript\n(import [^`]*from 'vitest'\n[\s\S]*?)^```$/m.exec(readmeOf('testing'))
  if (block === null) throw new Error('the README of testing shows no test for Vitest')
  return block[1]!
}

function replaced(text: string, changes: readonly (readonly [from: string, to: string])[]): string {
  return changes.reduce((now, [from, to]) => {
    if (!now.includes(from)) throw new Error(`the test in the README of testing does not have ${from}`)
    return now.replace(from, to)
  }, text)
}

/** As Jest's own page on ES modules says. */
export const runJest = ({ folder }: Project, node: Tool): Promise<void> =>
  passes(folder, node, ['--experimental-vm-modules', path.join('node_modules', 'jest', 'bin', 'jest.js')])

export const runNodeTest = ({ folder }: Project, node: Tool): Promise<void> =>
  passes(folder, node, ['--test', '--test-reporter=spec', path.join('out', 'node.test.js')])

/** The test has to have run: a runner that found none may end with 0. */
async function passes(folder: string, node: Tool, args: readonly string[]): Promise<void> {
  const ran = await finished(node.path, args, { cwd: folder })
  if (ran.code !== 0 || !/[✓✔√] an order is charged/.test(ran.all)) throw new Error(`it ended with ${ran.code}: ${ran.all.trim()}`)
}
