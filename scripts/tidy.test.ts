/**
 * The rules of the house that a program can check: imports run downwards only, and the seams are the only way to the
 * machine.
 */
import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'

const root = path.dirname(import.meta.dirname)

/**
 * What each package may import, and its folders in the order of the way: a file imports from its own folder and those
 * after it.
 */
const packages: Record<string, { uses: string[]; folders: string[] }> = {
  protocol: { uses: [], folders: [] },
  platform: { uses: ['protocol'], folders: [] },
  broker: {
    uses: ['protocol', 'platform'],
    folders: ['accept', 'dispatch', 'handle', 'auth', 'coordinate', 'partition', 'metadata', 'storage', 'state'],
  },
  client: {
    uses: ['protocol', 'platform'],
    folders: ['admin', 'read', 'fetch', 'produce', 'groups', 'cluster', 'connect', 'security', 'messages'],
  },
  consumer: {
    uses: ['protocol', 'platform', 'client'],
    folders: [
      'supervise',
      'redrive',
      'sarama',
      'replay',
      'telemetry',
      'membership',
      'intake',
      'sequence',
      'ids',
      'work',
      'claims',
      'commit',
      'stores',
      'locks',
      'drivers',
    ],
  },
  offsets: {
    uses: ['protocol', 'platform', 'client'],
    folders: [
      'doctor',
      'graduate',
      'replay',
      'translate',
      'transfer',
      'apply',
      'plan',
      'bookmarks',
      'moves',
      'lag',
      'peek',
      'history',
      'log',
      'read',
      'registry',
    ],
  },
  console: {
    uses: ['protocol', 'platform', 'client', 'offsets'],
    folders: ['routes', 'moves', 'live', 'page', 'guard', 'engine'],
  },
  tidemark: {
    uses: ['protocol', 'platform', 'broker', 'client', 'consumer', 'offsets', 'console'],
    folders: ['commands', 'demo', 'completion', 'move', 'history', 'lag', 'records', 'print'],
  },
  testing: { uses: ['protocol', 'platform', 'broker', 'client', 'consumer'], folders: ['crash', 'fixture', 'faults', 'machine'] },
  simulation: { uses: ['protocol', 'platform', 'broker', 'client', 'consumer', 'testing'], folders: [] },
}

interface Source {
  readonly file: string
  readonly folder: string
  readonly text: string
  readonly imports: readonly string[]
}

function sourcesOf(name: string): Source[] {
  const base = path.join(root, 'packages', name, 'src')
  return globSync('**/*.ts', { cwd: base })
    .filter((file) => !/\.(test|case|test-d)\.ts$/.test(file) && !file.split(path.sep).includes('testing'))
    .map((file) => {
      const text = readFileSync(path.join(base, file), 'utf8')
      const imports = [...text.matchAll(/^(?:import|export)\b[^'"]*?from '([^']+)'|import\('([^']+)'\)/gm)].map((m) => (m[1] ?? m[2])!)
      return { file: file.split(path.sep).join('/'), folder: file.split(path.sep)[0]!, text, imports }
    })
}

describe.each(Object.entries(packages))('%s', (name, { uses }) => {
  const sources = sourcesOf(name)

  test('imports only the packages below it', () => {
    const wrong = sources.flatMap((s) =>
      s.imports.filter((i) => i.startsWith('@tidemark/') && !uses.includes(i.split('/')[1]!)).map((i) => `${s.file} imports ${i}`),
    )
    expect(sources.length).toBeGreaterThan(0)
    expect(wrong).toEqual([])
  })

  test('reaches sockets, files, time and chance through the seams alone', () => {
    const free = name === 'tidemark' || name === 'simulation' || name === 'testing'
    const machine = /^node:(net|tls|fs|fs\/promises|timers|timers\/promises|perf_hooks|crypto)$/
    const wrong = sources
      .filter((s) => !free && !(name === 'platform' && s.folder === 'node'))
      .flatMap((s) => [
        ...s.imports.filter((i) => machine.test(i)).map((i) => `${s.file} imports ${i}`),
        ...[...s.text.matchAll(/\b(Date\.now|setTimeout|setInterval|setImmediate|Math\.random|performance\.now)\(/g)].map(
          (m) => `${s.file} calls ${m[1]}`,
        ),
      ])
    expect(wrong).toEqual([])
  })
})

test.each(['broker', 'client', 'console', 'consumer', 'offsets', 'tidemark', 'testing'])(
  'in the %s a folder imports from those after it on the way, not from those before',
  (name) => {
    const { folders } = packages[name]!
    const wrong = sourcesOf(name).flatMap((s) => {
      const own = folders.indexOf(s.folder)
      if (own < 0) return []
      return s.imports
        .filter((i) => i.startsWith('.'))
        .map((i) => path.posix.join(path.posix.dirname(s.file), i))
        .filter((target) => folders.includes(target.split('/')[0]!) && folders.indexOf(target.split('/')[0]!) < own)
        .map((target) => `${s.file} imports ${target}`)
    })
    // A handler is given its context by dispatch, which calls it: the types of that meeting stand in dispatch.
    expect(wrong.filter((line) => !/imports dispatch\/(handler|request-context|services|close|table)\.ts$/.test(line))).toEqual([])
  },
)

test.each(['client', 'console', 'consumer', 'offsets', 'tidemark', 'testing'])(
  'every folder of the %s has its place on the way',
  (name) => {
    const folders = new Set(
      sourcesOf(name)
        .filter((s) => s.file.includes('/'))
        .map((s) => s.folder),
    )
    expect([...folders].sort()).toEqual([...packages[name]!.folders].sort())
  },
)

test('docs/architecture.md has the folders of each package, in the order of the way', () => {
  const page = readFileSync(path.join(root, 'docs', 'architecture.md'), 'utf8')
  const rows = [...page.matchAll(/^\| `(\w+)` +\|[^|]*\| `([^`]*)` +\|$/gm)].map(([, name, list]) => [name!, list!.split(' ')] as const)
  expect(rows.map(([name]) => name).sort()).toEqual(Object.keys(packages).sort())
  for (const [name, listed] of rows) {
    const { folders } = packages[name]!
    const found = new Set(sourcesOf(name).flatMap(({ file, folder }) => (file.includes('/') ? [folder] : [])))
    const shown = listed.filter((it) => !it.endsWith('.ts')).map((it) => it.replace('/', ''))
    expect([...shown].sort(), name).toEqual([...found].sort())
    if (folders.length > 0) expect(shown, name).toEqual(folders)
  }
})

/** What decides, apart from what acts: given all it needs, and driven by tests event by event. */
const isPure: Record<string, RegExp> = {
  broker: /^state\//,
  consumer:
    /^(supervise\/(policy|watch)|membership\/classic\/(machine|outcome|assignors\/.*)|claims\/(claim|guard|registry|pauses)|commit\/(tracker|plan|outcome))\.ts$/,
}

test.each(Object.entries(isPure))('in the %s what decides has no clock, no chance, no waiting and no machine', (name, pure) => {
  const files = sourcesOf(name).filter((s) => pure.test(s.file))
  expect(files.length).toBeGreaterThan(10)
  const wrong = files.flatMap((s) => [
    ...s.imports.filter((i) => i.startsWith('node:')).map((i) => `${s.file} imports ${i}`),
    ...[...s.text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, '').matchAll(/\bawait\b|\basync\b/g)].map((m) => `${s.file} has '${m[0]}'`),
  ])
  expect(wrong).toEqual([])
})

test('in the broker partitions and metadata alone import storage, and state imports nothing but protocol', () => {
  const sources = sourcesOf('broker')
  const storage = sources
    .filter((s) => !['partition', 'metadata', 'storage', 'broker.ts'].includes(s.folder))
    .flatMap((s) => s.imports.filter((i) => i.includes('/storage/')).map((i) => `${s.file} imports ${i}`))
  const state = sources
    .filter((s) => s.folder === 'state')
    .flatMap((s) => s.imports.filter((i) => !i.startsWith('.') && i !== '@tidemark/protocol').map((i) => `${s.file} imports ${i}`))
  expect([...storage, ...state]).toEqual([])
})

test('in the command line one file alone writes to stdout', () => {
  const wrong = sourcesOf('tidemark').filter((s) => s.file !== 'print/output.ts' && /process\.stdout\.write|console\.log/.test(s.text))
  expect(wrong.map((s) => s.file)).toEqual([])
})

test('a line of prose in a comment ends before column 120', () => {
  const files = globSync(['packages/*/src/**/*.ts', '{benchmarks,conformance,examples,scripts}/**/*.ts'], { cwd: root })
  // One space: what is set further in is a table or a drawing.
  const isProse = (line: string): boolean => /^ *(?:\/\*\*|\*|\/\/) [^ ]/.test(line) && !/[─►▲└]/.test(line)
  const tooLong = files.flatMap((file) => {
    let isProgram = false
    return readFileSync(path.join(root, file), 'utf8')
      .split('\n')
      .flatMap((line, i) => {
        if (/^ *\* ```/.test(line)) isProgram = !isProgram
        return !isProgram && line.length > 120 && isProse(line) ? [`${file}:${i + 1}`] : []
      })
  })
  expect(files.length).toBeGreaterThan(0)
  expect(tooLong).toEqual([])
})
