/** What npm and its users see of each published package: manifest, licence, README. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
// @ts-expect-error it has no types: npm runs it as it is
import { publishedManifest } from './publish/manifest.mjs'
import { type Manifest, publishedPackages, root } from './publish/packages.ts'
import { firstCells, membersOf, optionsTablesOf, readmeOf } from './publish/readme.ts'

const packages = publishedPackages()
const { version } = packages[0]!.manifest
const REPOSITORY = 'https://github.com/tidemark/tidemark'

test('the published packages are the nine that users install', () => {
  expect(packages.map((p) => p.manifest.name)).toEqual([
    '@tidemark/broker',
    '@tidemark/client',
    '@tidemark/console',
    '@tidemark/consumer',
    '@tidemark/offsets',
    '@tidemark/platform',
    '@tidemark/protocol',
    '@tidemark/testing',
    'tidemark',
  ])
})

describe.each(packages)('$manifest.name', ({ folder, manifest, path: base }) => {
  test('says where it comes from, under which licence, and what it runs on', () => {
    expect(manifest).toMatchObject({
      version,
      license: 'Apache-2.0',
      type: 'module',
      engines: { node: '>=22.22' },
      homepage: `${REPOSITORY}/tree/main/packages/${folder}#readme`,
      bugs: { url: `${REPOSITORY}/issues` },
      repository: { type: 'git', url: `git+${REPOSITORY}.git`, directory: `packages/${folder}` },
      publishConfig: { access: 'public' },
    })
    expect(manifest.description).toMatch(/\.$/)
    expect(manifest.keywords).toContain('kafka')
    expect(readFileSync(path.join(base, 'LICENSE'), 'utf8')).toBe(readFileSync(path.join(root, 'LICENSE'), 'utf8'))
  })

  test('depends on exactly the version of the others with which it is released', () => {
    const internal = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies }).filter(([name]) =>
      name.startsWith('@tidemark/'),
    )
    expect(internal.filter(([, range]) => range !== version)).toEqual([])
  })

  test('is published without what only the workspace resolves', () => {
    const published = publishedManifest(manifest) as Manifest
    expect(JSON.stringify(published)).not.toMatch(/@tidemark\/source|\.\/src\//)
    expect(published).not.toHaveProperty('scripts')
    expect(published).not.toHaveProperty('devDependencies')
    for (const target of Object.values(published.exports)) {
      if (typeof target === 'object') expect(Object.keys(target!)).toEqual(['types', 'default'])
    }
  })

  test('has a README with links that work outside of the repository', () => {
    const readme = readmeOf(folder)
    expect(readme.startsWith(`# ${manifest.name}\n`)).toBe(true)
    const links = [...readme.matchAll(/\]\(([^)]+)\)/g)].map((m) => m[1]!)
    expect(links.length).toBeGreaterThan(0)
    expect(links.filter((link) => !link.startsWith(REPOSITORY))).toEqual([])
  })
})

const tables = packages.flatMap(({ folder }) => optionsTablesOf(readmeOf(folder)).map((table) => ({ folder, ...table })))

test.each(tables)('the README of $folder has one row for each option of $types', ({ file, types, rows }) => {
  const left = types.filter((type) => type.startsWith('-')).map((type) => type.slice(1))
  const members = types.filter((type) => !type.startsWith('-')).flatMap((type) => membersOf(file, type))
  expect([...rows].sort()).toEqual([...new Set(members)].filter((name) => !left.includes(name)).sort())
})

test('every options type of a public function has a table', () => {
  const types = new Set(tables.flatMap((table) => table.types))
  for (const type of ['KafkaOptions', 'ProducerOptions', 'ReadOptions', 'ConsumerOptions', 'CommitOptions', 'ListenOptions']) {
    expect(types).toContain(type)
  }
  for (const type of ['WorkSettings', 'EachSettings', 'BatchSettings', 'Retry', 'CallLimits']) expect(types).toContain(type)
})

test.each(['broker', 'client', 'console', 'consumer', 'offsets', 'platform', 'testing'])(
  'the README of %s names everything that the package exports',
  async (folder) => {
    const readme = readmeOf(folder)
    const exported = Object.keys(await import(`@tidemark/${folder}`))
    expect(exported.length).toBeGreaterThan(0)
    expect(exported.filter((name) => !new RegExp(`\`${name}\\b`).test(readme))).toEqual([])
  },
)

describe('the command line', () => {
  const base = path.join(root, 'packages', 'tidemark')

  test('has a row for each command', () => {
    const args = ['--conditions=@tidemark/source', path.join(base, 'src', 'main.ts'), '--help']
    const help = execFileSync(process.execPath, args, { encoding: 'utf8' })
    const commands = [...help.slice(help.indexOf('Commands:'), help.indexOf('Examples:')).matchAll(/^ {2}(\w+)/gm)]
      .map((m) => m[1])
      .filter((name) => name !== 'help')
    expect(commands.length).toBeGreaterThan(0)
    expect(firstCells(readmeOf('tidemark'))).toEqual(commands.map((name) => `tidemark ${name}`))
  })

  test('declares what its bundle leaves out, as protocol does', () => {
    const protocol = packages.find((p) => p.folder === 'protocol')!
    expect(packages.find((p) => p.folder === 'tidemark')!.manifest.dependencies).toEqual(protocol.manifest.dependencies)
  })

  describe('its licences of others', () => {
    let text: string
    beforeAll(() => {
      text = readFileSync(path.join(base, 'THIRD-PARTY-LICENSES'), 'utf8')
    })

    test('name each dependency that is bundled, at the version that is installed', () => {
      const { devDependencies = {} } = packages.find((p) => p.folder === 'tidemark')!.manifest
      const bundled = Object.keys(devDependencies).filter((name) => !name.startsWith('@tidemark/'))
      expect(bundled.length).toBeGreaterThan(0)
      for (const name of bundled) {
        const installed = JSON.parse(readFileSync(path.join(root, 'node_modules', name, 'package.json'), 'utf8'))
        expect(text).toContain(`\n${name} ${installed.version} (${installed.license})\n\n`)
        expect(text).toContain(readFileSync(path.join(root, 'node_modules', name, 'LICENSE'), 'utf8').trim())
      }
    })

    test('come with the text of each', () => {
      const sections = text.split(`\n${'-'.repeat(80)}\n\n`).slice(1)
      expect(sections.length).toBeGreaterThan(2)
      for (const section of sections) expect(section).toMatch(/^\S+ \d+\.\d+\.\d+\S* \(\S+\)\n\n[\s\S]*(copyright|permission)/i)
    })
  })
})
