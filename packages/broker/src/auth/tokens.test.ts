import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ManualClock } from '@tidemark/platform/testing'
import { exportJWK, exportSPKI, type GenerateKeyPairResult, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import type { OAuthOptions } from '../options.ts'
import { notables } from '../testing/requests.case.ts'
import { Tokens } from './tokens.ts'

const clock = new ManualClock()
const NOW = clock.now() / 1000
const ISSUER = 'https://issuer.example.org'
const claims = { sub: 'alice', iss: ISSUER, aud: 'kafka', exp: NOW + 300 }

type Keys = GenerateKeyPairResult

interface Pair {
  readonly kid: string
  readonly alg: string
  readonly privateKey: Keys['privateKey']
  readonly publicKey: Keys['publicKey']
  readonly jwk: JWK
}

async function pairOf(kid: string, alg: 'RS256' | 'ES256'): Promise<Pair> {
  const { privateKey, publicKey } = await generateKeyPair(alg)
  return { kid, alg, privateKey, publicKey, jwk: { ...(await exportJWK(publicKey)), kid, alg } }
}

let rsa: Pair
let ec: Pair
let foreign: Pair
beforeAll(async () => {
  rsa = await pairOf('rsa', 'RS256')
  ec = await pairOf('ec', 'ES256')
  foreign = await pairOf('rsa', 'RS256')
})

const sign = (pair: Pair, payload: JWTPayload = claims, kid = pair.kid): Promise<string> =>
  new SignJWT(payload).setProtectedHeader({ alg: pair.alg, kid }).sign(pair.privateKey)

const tokensOf = (options: Partial<OAuthOptions> = {}): Tokens =>
  new Tokens({ jwks: { keys: [rsa.jwk, ec.jwk] }, issuer: ISSUER, audience: 'kafka', ...options }, clock)

/** The user, or why the token was refused. */
async function checked(tokens: Tokens, token: string): Promise<string> {
  const told = notables() as unknown as { readonly why: string }[]
  const known = await tokens.check(token)
  return known === undefined ? `refused: ${told.at(-1)!.why}` : known.user
}

test('signed with RSA or an elliptic curve, it names its user and its end', async () => {
  for (const pair of [rsa, ec]) {
    expect(await tokensOf().check(await sign(pair))).toEqual({ user: 'alice', expiresAtMs: (NOW + 300) * 1000 })
  }
  expect(await checked(tokensOf({ principalClaim: 'client' }), await sign(rsa, { ...claims, client: 'app' }))).toBe('app')
})

test.each([
  ['of another issuer', { ...claims, iss: 'https://other.example.org' }, /"iss"/],
  ['for somebody else', { ...claims, aud: 'other' }, /"aud"/],
  ['for nobody', { sub: 'alice', iss: ISSUER, exp: NOW + 300 }, /"aud"/],
  ['that has ended, beyond what clocks may differ', { ...claims, exp: NOW - 31 }, /"exp"/],
  ['that has not begun', { ...claims, nbf: NOW + 31 }, /"nbf"/],
  ['that never ends', { sub: 'alice', iss: ISSUER, aud: 'kafka' }, /no end/],
  ['without a user', { ...claims, sub: undefined }, /no claim 'sub'/],
  ['of a user without a name', { ...claims, sub: '' }, /no claim 'sub'/],
] as const)('one %s is refused', async (_, payload, why) => {
  expect(await checked(tokensOf(), await sign(rsa, payload as JWTPayload))).toMatch(why)
})

test('clocks may differ by 30 seconds', async () => {
  expect(await checked(tokensOf(), await sign(rsa, { ...claims, exp: NOW - 29, nbf: NOW + 29 }))).toBe('alice')
})

test('one that somebody else has signed, or was changed, or has an unknown key is refused', async () => {
  expect(await checked(tokensOf(), await sign(foreign))).toMatch(/signature verification failed/)
  expect(await checked(tokensOf(), await sign(rsa, claims, 'unknown'))).toMatch(/no applicable key/)
  const [header, , signature] = (await sign(rsa)).split('.')
  const payload = Buffer.from(JSON.stringify({ ...claims, sub: 'root' })).toString('base64url')
  expect(await checked(tokensOf(), `${header}.${payload}.${signature}`)).toMatch(/signature verification failed/)
})

test('the public key is not a secret of HS256 (algorithm confusion)', async () => {
  const secret = new TextEncoder().encode(await exportSPKI(rsa.publicKey))
  for (const kid of ['rsa', undefined]) {
    const forged = await new SignJWT(claims).setProtectedHeader({ alg: 'HS256', ...(kid && { kid }) }).sign(secret)
    expect(await checked(tokensOf(), forged)).toMatch(/^refused/)
  }
})

test('one that is not signed is taken only where that is asked for', async () => {
  const encode = (it: object): string => Buffer.from(JSON.stringify(it)).toString('base64url')
  const token = `${encode({ alg: 'none' })}.${encode(claims)}.`
  expect(await checked(tokensOf(), token)).toBe('refused: the token is not signed')
  expect(await checked(tokensOf({ unsigned: true }), token)).toBe('alice')
  expect(await checked(new Tokens({ unsigned: true }, clock), await sign(rsa))).toMatch(/no keys to check it with/)
  expect(await checked(tokensOf({ unsigned: true }), `${encode({ alg: 'none' })}.${encode({ ...claims, exp: NOW - 31 })}.`)).toMatch(
    /"exp"/,
  )
})

test.each(['', 'x', 'a.b.c', '..', 'e30.e30.', 'bnVsbA.e30.e30'])('a malformed token is refused: %j', async (token) => {
  expect(await checked(tokensOf({ unsigned: true }), token)).toMatch(/^refused: /)
})

test('keys are read from where they are published, once', async () => {
  let reads = 0
  const server = createServer((_, response) => {
    reads++
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: [rsa.jwk] }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const tokens = tokensOf({ jwks: `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys` })
  expect(await checked(tokens, await sign(rsa))).toBe('alice')
  expect(await checked(tokens, await sign(rsa))).toBe('alice')
  expect(reads).toBe(1)
})

test('keys that cannot be read refuse the token, and the reason is told', async () => {
  const server = createServer((_, response) => response.writeHead(503).end())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const jwks = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`
  expect(await checked(tokensOf({ jwks }), await sign(rsa))).toMatch(/^refused: .*200 OK/)
  await new Promise((resolve) => server.close(resolve))
  expect(await checked(tokensOf({ jwks }), await sign(rsa))).toMatch(
    /^refused: the keys of tokens at http.* cannot be read: .*ECONNREFUSED/,
  )
})

test('what is neither an error of a token nor one of ours goes up', async () => {
  const tokens = new Tokens({ jwks: 'no address' }, clock)
  await expect(tokens.check(await sign(rsa))).rejects.toThrow(TypeError)
})
