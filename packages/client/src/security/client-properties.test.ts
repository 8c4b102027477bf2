import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { clientProperties, readClientProperties } from './client-properties.ts'
import { parseJaas } from './jaas.ts'
import { parseProperties } from './properties.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-properties-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
function file(name: string, content: string | Buffer): string {
  const at = path.join(folder, name)
  writeFileSync(at, content)
  return at
}

describe('the syntax of properties', () => {
  test.each([
    ['a=b', { a: 'b' }],
    ['a = b ', { a: 'b ' }],
    ['a:b=c', { a: 'b=c' }],
    ['a b c', { a: 'b c' }],
    ['  a\t:\tb', { a: 'b' }],
    ['a', { a: '' }],
    ['# a=b\n! c=d\n\n \n', {}],
    ['a=1\\\n   2\\\r\n3\nb=4', { a: '123', b: '4' }],
    ['a=1\\\\\nb=2', { a: '1\\', b: '2' }],
    ['a\\=b\\:c\\ d=e', { 'a=b:c d': 'e' }],
    ['a=\\u00e4\\t\\n\\q', { a: 'ä\t\nq' }],
    ['a=1\ra=2', { a: '2' }],
    ['a=# no comment', { a: '# no comment' }],
    ['a=b\\', { a: 'b' }],
  ])('%j', (text, wanted) => expect(Object.fromEntries(parseProperties(text))).toEqual(wanted))

  test('a broken \\u is refused with its line', () => {
    expect(() => parseProperties('a=b\nc=\\u12')).toThrow('line 2 has \\u')
  })

  test('what is escaped is read back, whatever it is', () => {
    const escaped = (text: string) => text.replaceAll(/[^a-z]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (key, value) => {
        expect([...parseProperties(`${escaped(key)}x=${escaped(value)}`)]).toEqual([[`${key}x`, value]])
      }),
    )
  })
})

describe('sasl.jaas.config', () => {
  const read = (text: string) => {
    const { name, options } = parseJaas(text)
    return [name, Object.fromEntries(options)]
  }
  test.each([
    ['a.b.C required user="x y" password=\'a"b\';', ['a.b.C', { user: 'x y', password: 'a"b' }]],
    ['a.B required\n  user = x\n  password="\\"\\\\\\n;" ;', ['a.B', { user: 'x', password: '"\\\n;' }]],
    ['a.B$C Optional user_name=x-1;', ['a.B$C', { user_name: 'x-1' }]],
    ['a.B required /* c */ u="x" // d\n;', ['a.B', { u: 'x' }]],
  ])('%j', (text, wanted) => expect(read(text)).toEqual(wanted))

  test.each([
    ['', 'must begin'],
    ['a.B required u="secret"', "no ';'"],
    ['a.B required u="secret;', 'not closed'],
    ['a.B needed u="secret";', "'required'"],
    ['a.B required u;', 'no value'],
    ['a.B required u=secret; c.D required;', 'more than one'],
  ])('%j is refused, and what is in it is not shown', (text, why) => {
    expect(() => parseJaas(text)).toThrow(why)
    expect(() => parseJaas(text)).not.toThrow('secret')
  })

  test('any text is read or refused', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'a.= ;"\'\\/*\n$'), maxLength: 40 }), (text) => {
        try {
          parseJaas(text)
        } catch (error) {
          expect(error).toBeInstanceOf(SyntaxError)
        }
      }),
      { numRuns: 10_000 },
    )
  })
})

const SCRAM = 'org.apache.kafka.common.security.scram.ScramLoginModule required username="alice" password="wonder\\"land";'

describe('client.properties', () => {
  test('a file as Confluent Cloud gives it', () => {
    const at = file(
      'client.properties',
      `# Required connection configs for Kafka producer, consumer, and admin
bootstrap.servers=pkc-1.example.org:9092,SASL_SSL://pkc-2.example.org:9092
security.protocol=SASL_SSL
sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username='KEY' password='SECRET';
sasl.mechanism=PLAIN
client.dns.lookup=use_all_dns_ips
session.timeout.ms=45000
acks=all
client.id=ccloud
`,
    )
    expect(readClientProperties(at)).toEqual({
      options: {
        brokers: ['pkc-1.example.org:9092', 'pkc-2.example.org:9092'],
        clientId: 'ccloud',
        tls: {},
        sasl: { mechanism: 'plain', username: 'KEY', password: 'SECRET' },
      },
      ignored: ['client.dns.lookup', 'session.timeout.ms', 'acks'],
    })
  })

  test('SCRAM, time limits, and a password with a quote: escaped once for the file, once for JAAS', () => {
    const text = `security.protocol: sasl_plaintext
sasl.mechanism SCRAM-SHA-512
sasl.jaas.config=${SCRAM.replaceAll('\\', '\\\\')}
request.timeout.ms=5000
socket.connection.setup.timeout.ms=2000
connections.max.idle.ms=-1
metadata.max.age.ms=1000
retry.backoff.ms=10
retry.backoff.max.ms=100`
    expect(clientProperties(text)).toEqual({
      options: {
        sasl: { mechanism: 'scram-sha-512', username: 'alice', password: 'wonder"land' },
        requestTimeoutMs: 5_000,
        connectTimeoutMs: 2_000,
        connectionIdleMs: Infinity,
        metadataMaxAgeMs: 1_000,
        retry: { delayMs: 10, delayMaxMs: 100 },
      },
      ignored: [],
    })
  })

  test('the schema registry, and the three ways to authenticate there', () => {
    const of = (text: string) => clientProperties(`schema.registry.url=https://r.example.org\n${text}`)
    expect(of('').schemaRegistry).toEqual({ url: 'https://r.example.org' })
    expect(of('basic.auth.credentials.source=USER_INFO\nbasic.auth.user.info=KEY:SE:CRET')).toEqual({
      options: {},
      schemaRegistry: { url: 'https://r.example.org', username: 'KEY', password: 'SE:CRET' },
      ignored: [],
    })
    expect(of('schema.registry.basic.auth.user.info=a:').schemaRegistry).toMatchObject({ username: 'a', password: '' })
    expect(of('bearer.auth.credentials.source=STATIC_TOKEN\nbearer.auth.token=t').schemaRegistry).toMatchObject({ token: 't' })
    const sasl = `security.protocol=SASL_SSL\nsasl.mechanism=SCRAM-SHA-512\nsasl.jaas.config=${SCRAM.replaceAll('\\', '\\\\')}`
    expect(of(`${sasl}\nbasic.auth.credentials.source=SASL_INHERIT`).schemaRegistry).toMatchObject({
      username: 'alice',
      password: 'wonder"land',
    })
    expect(clientProperties('basic.auth.user.info=a:b')).toEqual({ options: {}, ignored: [] })
    expect(() => of('basic.auth.user.info=nobody')).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.not.stringContaining('nobody') }),
    )
  })

  test('the schema registry at an address that is given: the file says how it is reached', () => {
    const at = { schemaRegistryUrl: 'https://r.example.org' }
    const text = 'basic.auth.user.info=a:b\nschema.registry.ssl.endpoint.identification.algorithm=\n'
    const found = { url: 'https://r.example.org', username: 'a', password: 'b', tls: { checkHostname: false } }
    expect(clientProperties(text, at)).toEqual({ options: {}, schemaRegistry: found, ignored: [] })
    expect(clientProperties(`${text}schema.registry.url=http://other`, at)).toEqual({ options: {}, schemaRegistry: found, ignored: [] })
    expect(clientProperties('', at).schemaRegistry).toEqual({ url: 'https://r.example.org' })
    for (const wrong of [{ schemaRegistryUrl: 5 }, { url: 'x' }, { schemaRegistryUrl: '' }])
      expect(() => clientProperties('', wrong as never)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  })

  test('PEM in the file, with or without its line breaks; names that are not checked', () => {
    const base64 = 'A'.repeat(70)
    const { options } = clientProperties(`security.protocol=SSL
ssl.truststore.type=PEM
ssl.truststore.certificates=-----BEGIN CERTIFICATE----- \\
  ${base64} \\
  -----END CERTIFICATE-----
ssl.keystore.type=PEM
ssl.keystore.certificate.chain=-----BEGIN CERTIFICATE-----\\n${base64}\\n-----END CERTIFICATE-----
ssl.keystore.key=-----BEGIN ENCRYPTED PRIVATE KEY-----\\nAAAA\\n-----END ENCRYPTED PRIVATE KEY-----
ssl.key.password=changeit
ssl.endpoint.identification.algorithm=
ssl.enabled.protocols=TLSv1.3`)
    const pem = `-----BEGIN CERTIFICATE-----\n${'A'.repeat(64)}\n${'A'.repeat(6)}\n-----END CERTIFICATE-----\n`
    expect(options).toEqual({
      tls: {
        ca: pem,
        cert: pem,
        key: '-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n',
        passphrase: 'changeit',
        checkHostname: false,
        minVersion: 'TLSv1.3',
      },
    })
  })

  test('stores in files: PEM, PKCS#12; JKS is refused with the line that converts it', () => {
    const pem = file('ca.pem', '-----BEGIN CERTIFICATE-----')
    const p12 = file('me.p12', Buffer.from([0x30, 0x82]))
    const jks = file('me.jks', Buffer.from('feedfeed00000002', 'hex'))
    const read = (text: string) => clientProperties(`security.protocol=SSL\n${text}`)
    expect(read(`ssl.truststore.location=${pem}\nssl.keystore.location=${p12}\nssl.keystore.password=x`).options.tls).toEqual({
      ca: Buffer.from('-----BEGIN CERTIFICATE-----'),
      pfx: Buffer.from([0x30, 0x82]),
      passphrase: 'x',
    })
    expect(() => read(`ssl.truststore.location=${jks}`)).toThrow(`JKS store; make PEM of it (keytool -list -rfc -keystore ${jks} > ca.pem)`)
    expect(() => read(`ssl.truststore.location=${p12}`)).toThrow('PKCS12 store; make PEM of it')
    expect(() => read(`ssl.keystore.location=${jks}`)).toThrow(`keytool -importkeystore -srckeystore ${jks}`)
    expect(() => read('ssl.keystore.location=/nowhere')).toThrow(
      "'ssl.keystore.location' is '/nowhere', which cannot be read: there is no such file",
    )
    expect(() => read(`ssl.truststore.location=${file('ca.txt', 'no certificate')}`)).toThrow("ca.txt', and there is no certificate in it")
  })

  test('tokens from an identity provider', () => {
    const { options, ignored } = clientProperties(`security.protocol=SASL_SSL
sasl.mechanism=OAUTHBEARER
sasl.login.callback.handler.class=org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginCallbackHandler
sasl.oauthbearer.token.endpoint.url=https://id.example.org/token
sasl.jaas.config=org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required clientId="a" clientSecret="b" scope="c" extension_logicalCluster="lkc-1";`)
    expect(options.sasl).toMatchObject({ mechanism: 'oauthbearer', token: expect.any(Function) })
    expect(ignored).toEqual([])
  })

  test.each([
    ['security.protocol=TLS', "'security.protocol' is 'TLS'"],
    ['security.protocol=SASL_SSL', "'sasl.mechanism' is not given, and Java's default is GSSAPI (Kerberos)"],
    ['security.protocol=SASL_SSL\nsasl.mechanism=AWS_MSK_IAM', 'for Amazon MSK: use oauthbearer with a callback'],
    ['security.protocol=SASL_SSL\nsasl.mechanism=PLAIN', "'sasl.jaas.config' is missing"],
    [`security.protocol=SASL_SSL\nsasl.mechanism=PLAIN\nsasl.jaas.config=${SCRAM.replace('\\"', '')}`, 'must be PlainLoginModule'],
    ['security.protocol=SASL_SSL\nsasl.mechanism=OAUTHBEARER', 'token.endpoint.url'],
    [
      'security.protocol=SASL_SSL\nsasl.mechanism=OAUTHBEARER\nsasl.oauthbearer.token.endpoint.url=http://id.example.org/token',
      "'sasl.oauthbearer.token.endpoint.url' is 'http://id.example.org/token': it must be an https address",
    ],
    ['request.timeout.ms=soon', 'request.timeout.ms'],
  ])('%j is refused', (text, why) => {
    expect(() => clientProperties(text)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(why) }))
    expect(() => clientProperties(text)).not.toThrow('wonder')
  })
})
