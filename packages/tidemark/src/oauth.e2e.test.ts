/** OAUTHBEARER from the command line: `up` with the keys of an identity provider, and profiles that get tokens. */
import { generateKeyPairSync, sign } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { endAll, finished, type Outcome, start, startWith, tidemark, up, wrote } from './testing/command.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-oauth-'))
const file = (name: string, content: string): string => {
  writeFileSync(path.join(folder, name), content)
  return path.join(folder, name)
}
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const JWKS = JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k', alg: 'ES256' }] })

const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
function tokenFor(audience: string): string {
  const claims = { app: 'billing', iss: 'https://id.test', aud: audience, exp: Math.floor(Date.now() / 1000) + 600 }
  const signed = `${encoded({ alg: 'ES256', kid: 'k' })}.${encoded(claims)}`
  return `${signed}.${sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
}

/** Gives `billing` with its secret a token for the audience that is its scope, and publishes its keys. */
let provider: Server
let url: string
beforeAll(async () => {
  provider = createServer(async (request, response) => {
    if (request.url === '/jwks') return response.end(JWKS)
    const scope = new URLSearchParams(await text(request)).get('scope')
    const isKnown = request.headers.authorization === `Basic ${Buffer.from('billing:s%20ecret').toString('base64')}`
    response.statusCode = isKnown ? 200 : 401
    response.end(JSON.stringify(isKnown ? { access_token: tokenFor(scope!), expires_in: 600 } : { error: 'invalid_client' }))
  })
  await once(provider.listen(0, '127.0.0.1'), 'listening')
  url = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`
})
afterAll(async () => {
  await endAll()
  provider.close()
  rmSync(folder, { recursive: true })
})

function withConfig(args: readonly string[], variables: Record<string, string> = {}): Promise<Outcome> {
  const { TIDEMARK_BROKERS: _, TIDEMARK_PROFILE: __, TIDEMARK_PASSWORD: ___, ...rest } = process.env
  const child = startWith({ env: { ...rest, XDG_CONFIG_HOME: folder, ...variables } }, ...args)
  child.stdin!.end()
  return finished(child)
}

const profile = (name: string, address: string, ...more: string[]): string[] => [
  'profile',
  'add',
  name,
  '-b',
  address,
  '--sasl',
  'oauthbearer',
  '--oauth-token-endpoint',
  `${url}/token`,
  '--oauth-client-id',
  'billing',
  ...more,
]

test('a profile gets tokens that the broker checks: with published keys and with those of a file', async () => {
  const rules = ['--oauth-issuer', 'https://id.test', '--oauth-audience', 'other,kafka', '--oauth-claim', 'app']
  const acls = [
    '--acl-file',
    file('acls.json', JSON.stringify([{ principal: 'User:billing', operation: 'all', resource: 'topic', name: 'mine' }])),
  ]
  const { address, child } = await up('--memory', '--sasl', 'oauthbearer', '--oauth-jwks', `${url}/jwks`, ...rules, ...acls)
  const secret = file('secret', 's ecret\n')
  const added = await withConfig(profile('app', address, '--oauth-scope', 'kafka', '--oauth-client-secret-file', secret))
  expect(added).toMatchObject({ code: 0, stderr: expect.stringMatching(/^added profile app/) })
  // The secret is in the file that its owner alone can read, and `profile list` does not show it.
  expect(readFileSync(path.join(folder, 'tidemark', 'config.yaml'), 'utf8')).toContain('s ecret')
  expect((await withConfig(['profile', 'list', '-o', 'json'])).stdout).not.toContain('s ecret')
  expect(await withConfig(['topic', 'create', 'mine', '--profile', 'app'])).toMatchObject({ code: 0 })
  expect(await withConfig(['topic', 'create', 'others', '--profile', 'app'])).toMatchObject({ code: 1 })

  expect(await withConfig(profile('foreign', address, '--oauth-scope', 'payroll'), { TIDEMARK_PASSWORD: 's ecret' })).toMatchObject({
    code: 0,
  })
  const refused = wrote(child, 'stderr', /refused [^\n]*"aud"/)
  expect(await withConfig(['topic', 'list', '--profile', 'foreign'])).toMatchObject({ code: 1 })
  await refused

  expect(await withConfig(profile('unknown', address), { TIDEMARK_PASSWORD: 'wrong' })).toMatchObject({ code: 0 })
  expect(await withConfig(['topic', 'list', '--profile', 'unknown'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`the token endpoint ${url} refuses: 401 invalid_client`),
  })

  const ofFile = await up('--memory', '--sasl', 'oauthbearer', '--oauth-jwks', file('jwks.json', JWKS), ...rules)
  expect(await withConfig(['topic', 'create', 't', '--profile', 'app', '-b', ofFile.address])).toMatchObject({ code: 0 })
})

test('tokens that nobody has signed are taken only if that is asked for, and the start says so', async () => {
  const child = start('up', '--memory', '--listen', '127.0.0.1:0', '--sasl', 'oauthbearer', '--oauth-unsigned')
  await wrote(
    child,
    'stderr',
    /SASL by oauthbearer, with tokens that need no signature[\s\S]*everyone who reaches this address can be any user/,
  )
})

test('a broker that takes tokens for every audience says so', async () => {
  const child = start('up', '--memory', '--listen', '127.0.0.1:0', '--sasl', 'oauthbearer', '--oauth-jwks', `${url}/jwks`)
  await wrote(child, 'stderr', /without --oauth-audience a token that was given for another service is taken too/)
})

describe('wrong usage', () => {
  test.each([
    [['--sasl', 'oauthbearer'], /needs --oauth-jwks, .*--oauth-unsigned/],
    [['--sasl', 'plain', '--oauth-issuer', 'x'], /add --sasl oauthbearer/],
    [['--oauth-unsigned'], /add --sasl oauthbearer/],
    [['--sasl', 'oauthbearer', '--oauth-jwks', 'http://'], /not a valid address/],
    [
      ['--sasl', 'oauthbearer', '--oauth-jwks', path.join(folder, 'none')],
      /--oauth-jwks names .*none, which cannot be read: it does not exist/,
    ],
    [['--sasl', 'oauthbearer', '--oauth-jwks', path.join(folder, 'text')], /text, which is not JSON/],
    [['--sasl', 'oauthbearer', '--oauth-jwks', path.join(folder, 'empty')], /empty, which is not a JSON Web Key Set/],
  ])('of up: %j', async (args, why) => {
    file('text', 'keys')
    file('empty', '{"keys": []}')
    const out = await tidemark(['up', '--memory', '--listen', '127.0.0.1:0', ...args])
    expect(out).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(why) })
  })

  test.each([
    [['--sasl', 'oauthbearer', '--oauth-client-id', 'a'], /needs --oauth-token-endpoint and --oauth-client-id/],
    [['--sasl', 'oauthbearer', '--username', 'a'], /has no --username: name --oauth-client-id/],
    [['--sasl', 'plain', '--username', 'a', '--oauth-scope', 's'], /belong to --sasl oauthbearer/],
    [
      ['--sasl', 'oauthbearer', '--oauth-client-id', 'a', '--oauth-token-endpoint', 'http://id.test/token'],
      /--oauth-token-endpoint is 'http:\/\/id\.test\/token': it must be an https address/,
    ],
    [
      ['--sasl', 'oauthbearer', '--oauth-client-id', 'a', '--oauth-token-endpoint', 'https://id.test/token'],
      /the secret of a is missing: add --password-stdin, or set TIDEMARK_PASSWORD/,
    ],
  ])('of profile add: %j', async (args, why) => {
    expect(await withConfig(['profile', 'add', 'x', '-b', 'a:1', ...args])).toMatchObject({ code: 2, stderr: expect.stringMatching(why) })
  })
})
