import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { certificatesOf, keyOf } from './pem.ts'
import { Authority, type Identity } from './testing/certificates.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-pem-'))
afterAll(() => rmSync(folder, { recursive: true }))
const file = (name: string, content: string | Buffer): string => {
  writeFileSync(path.join(folder, name), content)
  return path.join(folder, name)
}

let identity: Identity
let other: Identity
beforeAll(async () => {
  const authority = await Authority.make()
  ;[identity, other] = await Promise.all([authority.sign('CN=a'), authority.sign('CN=b')])
})

const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'

describe('a file of certificates', () => {
  test('may hold several, and what stands around them', () => {
    const text = `# of the test\n${identity.cert}\n${other.cert}\n${identity.key}`
    expect(certificatesOf('--ca', file('two.pem', text))).toBe(text)
  })

  test.each([
    ['nothing', () => '', 'which has no certificate in it, but nothing: it is empty'],
    ['a key', () => identity.key, 'which has no certificate in it, but PEM of another kind: private key'],
    ['text', () => 'a: b', 'which has no certificate in it, but no PEM at all'],
    ['a zero', () => '0', 'which has no certificate in it, but no PEM at all'],
    ['a JKS store', () => Buffer.from('feedfeed00000002', 'hex'), 'but a JKS store: keytool -list -rfc'],
    ['a PKCS#12 store', () => Buffer.from([0x30, 0x82, 1, 2]), 'but binary data, as DER or PKCS#12'],
    ['one that is damaged', () => `${identity.cert}\n${broken}`, 'whose certificate number 2 cannot be read: '],
  ])('that holds %s is refused', (_, content, why) => {
    const at = file('wrong', content())
    expect(() => certificatesOf('--ca', at)).toThrow(expect.objectContaining({ code: 'USAGE', message: expect.stringContaining(why) }))
    expect(() => certificatesOf('--ca', at)).toThrow(`--ca names ${at}, wh`)
  })

  test('that is not there is refused', () => {
    expect(() => certificatesOf('--ca', path.join(folder, 'none'))).toThrow('which cannot be read: it does not exist')
  })
})

describe('a private key', () => {
  const certificate = () => ({ file: 'a.pem', text: identity.cert })
  const encrypted = (type: 'pkcs8' | 'pkcs1') =>
    generateKeyPairSync('rsa', { modulusLength: 2048 })
      .privateKey.export({ type, format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })
      .toString()

  test('fits its certificate', () => {
    expect(keyOf('--key', file('a.key', identity.key), certificate())).toBe(identity.key)
  })

  test.each([
    ['of another certificate', () => other.key, 'does not belong to the certificate a.pem'],
    ['that is a certificate', () => identity.cert, 'which has no private key in it, but PEM of another kind: certificate'],
    ['that is encrypted', () => encrypted('pkcs8'), 'which is encrypted; to decrypt it: openssl pkey'],
    ['that is encrypted as OpenSSL did it before', () => encrypted('pkcs1'), 'which is encrypted; to decrypt it: openssl pkey'],
    ['that is damaged', () => identity.key.replace('M', 'X'), 'whose key cannot be read: '],
  ])('%s is refused', (_, content, why) => {
    const at = file('wrong.key', content())
    expect(() => keyOf('--key', at, certificate())).toThrow(
      expect.objectContaining({ code: 'USAGE', message: expect.stringContaining(why) }),
    )
  })
})
