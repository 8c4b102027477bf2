import { availableParallelism } from 'node:os'
import path from 'node:path'
import { defineConfig } from 'vitest/config'
import { forgetTheUser } from './scripts/test-environment.ts'

forgetTheUser()
// Tests start hundreds of processes, and many of them from the sources: what Node.js makes of a file is made once.
process.env.NODE_COMPILE_CACHE ??= path.join(import.meta.dirname, 'node_modules/.cache/compiled')

const source = {
  resolve: { conditions: ['@tidemark/source'] },
  ssr: { resolve: { conditions: ['@tidemark/source'], externalConditions: ['@tidemark/source'] } },
}

/** What real processes do under load may get a second try, in CI: `.ci/run` names the tests that needed it. */
const retry = Number(process.env.TIDEMARK_TEST_RETRIES ?? 0)

export default defineConfig({
  test: {
    reporters: ['default'],
    // Many tests wait for processes: on two cores, two workers leave a quarter of the time unused.
    maxWorkers: Math.max(4, availableParallelism()),
    projects: [
      {
        ...source,
        test: {
          name: 'unit',
          // Half of their time was the start of a worker for each file.
          isolate: false,
          include: [
            'packages/*/src/**/*.test.ts',
            'packages/console/web/src/**/*.test.ts',
            'scripts/**/*.test.ts',
            'benchmarks/*.test.ts',
            'examples/*.test.ts',
          ],
          exclude: ['**/*.{e2e,long}.test.ts', 'packages/simulation/**', '**/node_modules/**'],
          testTimeout: 30_000,
          expect: { poll: { timeout: 20_000 } },
        },
      },
      {
        ...source,
        test: {
          name: 'simulation',
          include: ['packages/simulation/src/**/*.test.ts'],
          exclude: ['**/*.long.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 60_000,
        },
      },
      {
        ...source,
        test: {
          name: 'types',
          include: [],
          typecheck: { enabled: true, only: true, include: ['packages/*/src/**/*.test-d.ts'], checker: 'tsc' },
        },
      },
      {
        ...source,
        test: {
          name: 'e2e',
          // As for unit tests: a worker for each file would load broker, client and consumer each time.
          isolate: false,
          include: ['packages/*/src/**/*.e2e.test.ts', 'examples/**/*.e2e.test.ts'],
          retry,
          expect: { poll: { timeout: 20_000 } },
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
      {
        ...source,
        test: {
          name: 'long',
          include: ['packages/*/src/**/*.long.test.ts', 'examples/*.long.test.ts'],
          retry,
          expect: { poll: { timeout: 20_000 } },
          testTimeout: 180_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
})
