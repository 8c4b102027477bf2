import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { clientProperties, parseProperties, readClientProperties } from './properties.ts'

describe('the syntax of java.util.Properties', () => {
  test('separators, comments, continuations, escapes', () => {
    const text = [
      '# a',
      '! b',
      ' a = 1',
      'b:2',
      'c 3',
      'd',
      'e\\ f = x\\ty',
      'g = one, \\',
      '    two',
      'h=\\u00fc\\\\',
      'a=last',
      'url=https\\://x/y\\=z',
      'p=C:\\\\dir',
    ].join('\n')
    expect(Object.fromEntries(parseProperties(text))).toEqual({
      a: 'last',
      b: '2',
      c: '3',
      d: '',
      'e f': 'x\ty',
      g: 'one, two',
      h: 'ü\\',
      url: 'https://x/y=z',
      p: 'C:\\dir',
    })
  })
})

const lines = (...text: string[]): string => text.join('\n')

describe('client.properties', () => {
  test('as Confluent Cloud gives it', () => {
    const { options, ignored } = clientProperties(
      lines(
        'bootstrap.servers=pkc-1.eu.confluent.cloud:9092, other:9092',
        'security.protocol=SASL_SSL',
        "sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username='KEY' password='S\\\\'x';",
        'sasl.mechanism=PLAIN',
        'client.dns.lookup=use_all_dns_ips',
        'session.timeout.ms=45000',
        'request.timeout.ms=20000',
      ),
    )
    expect(options).toMatchObject({
      brokers: ['pkc-1.eu.confluent.cloud:9092', 'other:9092'],
      requestTimeoutMs: 20_000,
      tls: {},
      sasl: { mechanism: 'plain', username: 'KEY', password: "S'x" },
    })
    expect(ignored).toEqual(['client.dns.lookup', 'session.timeout.ms'])
  })

  test('SCRAM over TLS with PEM stores, inline and in files', () => {
    const { options } = clientProperties(
      lines(
        'security.protocol=SASL_SSL',
        'sasl.mechanism=SCRAM-SHA-512',
        'sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required \\',
        '  username="app" \\',
        '  password="a \\\\"quoted\\\\" one";',
        'ssl.truststore.type=PEM',
        'ssl.truststore.certificates=-----BEGIN CERTIFICATE----- x -----END CERTIFICATE-----',
        'ssl.keystore.type=PEM',
        'ssl.keystore.location=/etc/app.pem',
        'ssl.key.password=pw',
        'ssl.endpoint.identification.algorithm=',
      ),
    )
    expect(options).toEqual({
      tls: {
        ca: '-----BEGIN CERTIFICATE----- x -----END CERTIFICATE-----',
        cert: '/etc/app.pem',
        key: '/etc/app.pem',
        passphrase: 'pw',
        checkHostname: false,
      },
      sasl: { mechanism: 'scram-sha-512', username: 'app', password: 'a "quoted" one' },
    })
  })

  test('a token endpoint (KIP-768)', () => {
    const { options, ignored } = clientProperties(
      lines(
        'security.protocol=SASL_PLAINTEXT',
        'sasl.mechanism=OAUTHBEARER',
        'sasl.login.callback.handler.class=org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginCallbackHandler',
        'sasl.oauthbearer.token.endpoint.url=https://id.example/token',
        "sasl.jaas.config=org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required clientId='id' clientSecret='secret' scope='kafka' extension_logicalCluster='lkc-1';",
      ),
    )
    expect(options.sasl).toMatchObject({ mechanism: 'oauthbearer', token: expect.any(Function) })
    expect(ignored).toEqual([])
    expect(inspect(options, { depth: 5 })).not.toContain('secret')
  })

  test('PKCS#12 of the client; a JKS store is refused with the line that converts it', () => {
    const { options } = clientProperties(
      lines('security.protocol=SSL', 'ssl.keystore.type=PKCS12', 'ssl.keystore.location=/k.p12', 'ssl.keystore.password=pw'),
    )
    expect(options.tls).toEqual({ pfx: '/k.p12', passphrase: 'pw' })
    expect(() => clientProperties(lines('security.protocol=SSL', 'ssl.truststore.location=/t.jks', 'ssl.truststore.password=x'))).toThrow(
      'keytool -importkeystore -srckeystore /t.jks -destkeystore /t.p12 -deststoretype PKCS12',
    )
  })

  test.each([
    [['security.protocol=TLS'], 'security.protocol is TLS'],
    [['security.protocol=SASL_SSL'], 'sasl.mechanism is missing'],
    [['security.protocol=SASL_SSL', 'sasl.mechanism=GSSAPI'], 'sasl.mechanism is GSSAPI'],
    [['security.protocol=SASL_SSL', 'sasl.mechanism=PLAIN'], 'sasl.jaas.config has no username'],
    [['security.protocol=SASL_SSL', 'sasl.mechanism=PLAIN', 'sasl.jaas.config=nonsense'], 'sasl.jaas.config is not a login module'],
    [['request.timeout.ms=soon'], "request.timeout.ms is 'soon'"],
  ])('%j says what is wrong', (text, why) => {
    expect(() => clientProperties(lines(...text))).toThrow(why)
  })

  test('a file that is not there', () => {
    expect(() => readClientProperties('/no/such/file')).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  })
})
