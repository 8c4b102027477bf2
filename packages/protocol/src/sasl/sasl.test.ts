import { createHmac, hash, pbkdf2Sync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SaslError } from './error.ts'
import { bearerMessage, readBearerMessage } from './oauthbearer.ts'
import { plainMessage, readPlainMessage } from './plain.ts'
import { ScramClient, ScramServer, scramKeys } from './scram.ts'

const cryptoOf = (algorithm: 'sha256' | 'sha512') => ({
  hash: (bytes: Uint8Array): Buffer => hash(algorithm, bytes, 'buffer'),
  hmac: (key: Uint8Array, bytes: Uint8Array): Buffer => createHmac(algorithm, key).update(bytes).digest(),
  equal: (a: Uint8Array, b: Uint8Array): boolean => Buffer.from(a).equals(b),
})
/** Made once for each password: hundreds of exchanges with damage are about one. */
const passwords = new Map<string, Buffer>()
function salted(algorithm: 'sha256' | 'sha512', password: string, salt: Buffer, iterations: number): Buffer {
  const key = JSON.stringify([algorithm, password, salt.toString('hex'), iterations])
  const made = passwords.get(key) ?? pbkdf2Sync(password, salt, iterations, algorithm === 'sha256' ? 32 : 64, algorithm)
  passwords.set(key, made)
  return made
}

describe('SCRAM', () => {
  test('is what RFC 7677 shows', () => {
    const client = new ScramClient('user', 'rOprNGfwEbeRWgbNEkqO', cryptoOf('sha256'))
    expect(String(client.first())).toBe('n,,n=user,r=rOprNGfwEbeRWgbNEkqO')
    const { salt, iterations } = client.challenged(
      Buffer.from('r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096'),
    )
    expect(String(client.final(salted('sha256', 'pencil', salt, iterations)))).toBe(
      'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
    )
    client.finish(Buffer.from('v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4='))
    expect(() => client.finish(Buffer.from('v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4='))).toThrow(SaslError)
  })

  /** One exchange; `alter` may damage a message on its way. */
  function exchange(name: string, password: string, known: string, alter = (_step: number, bytes: Buffer): Buffer => bytes): string {
    const crypto = cryptoOf('sha512')
    const salt = Buffer.from('salt of the user')
    const keys = scramKeys(salted('sha512', known, salt, 4096), salt, 4096, crypto)
    const client = new ScramClient(name, 'abc', crypto)
    const server = new ScramServer('def', crypto)
    const { username } = server.first(alter(0, client.first()))
    const first = client.challenged(alter(1, server.challenge(keys)))
    const final = alter(2, client.final(salted('sha512', password, first.salt, first.iterations)))
    client.finish(alter(3, server.final(final)))
    return username
  }

  test('client and server agree, whatever the name and the password', () => {
    const texts = fc.string({ minLength: 1, maxLength: 12 }).filter((text) => !text.includes('\0') && !text.includes('\uFFFD'))
    fc.assert(
      fc.property(texts, texts, (name, password) => {
        expect(exchange(name, password, password)).toBe(name)
        expect(() => exchange(name, `${password}x`, password)).toThrow(SaslError)
      }),
      { numRuns: 25 },
    )
  })

  test('no damaged message passes, and none throws anything but its own error', () => {
    const damage = fc.tuple(
      fc.nat(3),
      fc.nat(200),
      fc.integer({ min: 1, max: 255 }),
      fc.constantFrom('flip', 'cut', 'double', 'random'),
      fc.uint8Array({ maxLength: 60 }),
    )
    fc.assert(
      fc.property(damage, ([step, at, by, how, random]) => {
        let isChanged = false
        const alter = (s: number, bytes: Buffer): Buffer => {
          if (s !== step) return bytes
          const copy = Buffer.from(bytes)
          if (how === 'flip') copy[at % copy.length]! ^= by
          const damaged =
            how === 'cut'
              ? copy.subarray(0, at % copy.length)
              : how === 'double'
                ? Buffer.concat([copy, copy])
                : how === 'random'
                  ? Buffer.from(random)
                  : copy
          isChanged = !damaged.equals(bytes)
          return damaged
        }
        try {
          exchange('user', 'pencil', 'pencil', alter)
          // Only what no signature covers may change: an extension behind the signature of the server.
          expect(!isChanged || step === 3).toBe(true)
        } catch (error) {
          expect(error).toBeInstanceOf(SaslError)
        }
      }),
      { numRuns: 300 },
    )
  })

  test('a replayed exchange fails: the nonce of the server is new', () => {
    const crypto = cryptoOf('sha256')
    const salt = Buffer.from('0123456789abcdef')
    const keys = scramKeys(salted('sha256', 'pencil', salt, 4096), salt, 4096, crypto)
    const client = new ScramClient('user', 'abc', crypto)
    const one = new ScramServer('def', crypto)
    one.first(client.first())
    const first = client.challenged(one.challenge(keys))
    const final = client.final(salted('sha256', 'pencil', first.salt, first.iterations))
    one.final(final)
    const two = new ScramServer('ghi', crypto)
    two.first(client.first())
    two.challenge(keys)
    expect(() => two.final(final)).toThrow('the nonce is not that of this exchange')
  })

  test.each([
    ['r=other,s=c2FsdA==,i=4096', 'does not continue'],
    ['r=abc,s=c2FsdA==,i=4096', 'does not continue'],
    ['r=abcd,s=c2FsdA==,i=100', 'fewer than 4096'],
    ['r=abcd,s=c2FsdA==,i=900000000', '1000000 are allowed'],
    ['r=abcd,s=!!,i=4096', 'not base64'],
    ['e=invalid-user', 'the server refuses'],
    ['nonsense', 'not one of SCRAM'],
  ])('a client refuses the challenge %s', (text, why) => {
    const client = new ScramClient('user', 'abc', cryptoOf('sha256'))
    client.first()
    expect(() => client.challenged(Buffer.from(text))).toThrow(why)
  })

  test.each(['y,,n=user,r=abc', 'p=tls-unique,,n=user,r=abc', 'n,a=other,n=user,r=abc', 'n,,n=,r=abc', 'n,,n=a=b,r=abc', 'n,,r=abc', ''])(
    'a server refuses the beginning %j',
    (text) => {
      expect(() => new ScramServer('def', cryptoOf('sha256')).first(Buffer.from(text))).toThrow(SaslError)
    },
  )
})

describe('PLAIN', () => {
  test('carries user and password, and acts for nobody else', () => {
    expect(readPlainMessage(plainMessage({ username: 'ü', password: 'p,=' }))).toEqual({ username: 'ü', password: 'p,=' })
    for (const text of ['', 'user', '\0user', '\0\0p', '\0user\0', 'other\0user\0p', '\0a\0b\0c'])
      expect(() => readPlainMessage(Buffer.from(text))).toThrow(SaslError)
    expect(() => plainMessage({ username: 'a\0b', password: 'c' })).toThrow(SaslError)
  })
})

describe('OAUTHBEARER', () => {
  test('carries a token and its extensions', () => {
    const token = { value: 'abc.def-_~+/==', extensions: { logicalCluster: 'lkc-1', pool: 'p 2' } }
    expect(readBearerMessage(bearerMessage(token))).toEqual({ ...token, authorization: '' })
    for (const wrong of [
      { value: 'a b' },
      { value: 'a', extensions: { auth: 'x' } },
      { value: 'a', extensions: { a1: 'x' } },
      { value: 'a', extensions: { a: '\x01' } },
    ]) {
      expect(() => bearerMessage(wrong as never)).toThrow(SaslError)
    }
  })

  test('whatever bytes come, they are read or refused', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 80 }),
          fc.string({ maxLength: 80 }).map((text) => Buffer.from(`n,,\x01auth=Bearer ${text}\x01\x01`)),
        ),
        (bytes) => {
          try {
            expect(readBearerMessage(Buffer.from(bytes)).value).toMatch(/^[-._~+/A-Za-z0-9]+=*$/)
          } catch (error) {
            expect(error).toBeInstanceOf(SaslError)
          }
        },
      ),
    )
  })
})
