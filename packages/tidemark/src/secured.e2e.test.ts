/**
 * A secured broker and its clients from the command line alone: `up` with TLS, SASL and ACLs, `client.properties`,
 * profiles.
 */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { connect } from 'node:tls'
import { createAdmin, createKafka } from '@tidemark/client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Authority } from './testing/certificates.ts'
import { endAll, finished, type Outcome, startWith, tidemark, up, wrote } from './testing/command.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-secured-'))
const file = (name: string, text: string): string => {
  const whole = path.join(folder, name)
  writeFileSync(whole, text)
  return whole
}
let address: string
let broker: ChildProcess

beforeAll(async () => {
  const authority = await Authority.make()
  const { cert, key } = await authority.sign('CN=broker', { hosts: ['127.0.0.1'] })
  file('other.pem', (await authority.sign('CN=other', { hosts: ['127.0.0.1'] })).key)
  const acls = '- { principal: User:app, operation: all, resource: topic, name: app., pattern: prefixed }\n'
  const options = [
    ...['--tls-cert', file('cert.pem', cert), '--tls-key', file('key.pem', key), '--sasl', 'scram-sha-256,plain'],
    ...['--user', 'admin:se:cret', '--user-file', file('users', '# users\napp:apple\r\n\n'), '--super-user', 'User:admin'],
    ...['--acl-file', file('acls.yaml', acls)],
  ]
  file('ca.pem', authority.cert)
  ;({ address, child: broker } = await up('--memory', ...options))
})
afterAll(async () => {
  await endAll()
  rmSync(folder, { recursive: true })
})

const propertiesOf = (user: string, password: string): string =>
  `security.protocol=SASL_SSL
ssl.truststore.type=PEM
ssl.truststore.location=${path.join(folder, 'ca.pem')}
sasl.mechanism=SCRAM-SHA-256
sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required username="${user}" password="${password}";
`

/** With the folder of the user's configuration in the test's own. */
async function withConfig(args: readonly string[], input = '', variables: Record<string, string> = {}): Promise<Outcome> {
  const { TIDEMARK_BROKERS: _, TIDEMARK_PROFILE: __, ...rest } = process.env
  const child = startWith({ env: { ...rest, XDG_CONFIG_HOME: path.join(folder, 'config'), ...variables } }, ...args)
  child.stdin!.end(input)
  return finished(child)
}

describe('--command-config', () => {
  test('brings TLS and SASL; ACLs hold, and say what is missing', async () => {
    const as = (user: string, password: string, ...args: string[]) =>
      tidemark([...args, '-b', address, '--command-config', file(`${user}.properties`, propertiesOf(user, password))])
    expect(await as('admin', 'se:cret', 'topic', 'create', 'other')).toMatchObject({ code: 0 })
    expect(await as('app', 'apple', 'topic', 'create', 'app.a')).toMatchObject({ code: 0 })
    expect((await as('app', 'apple', 'topic', 'list')).stdout).toMatch(/app\.a/)
    expect((await as('app', 'apple', 'topic', 'list')).stdout).not.toMatch(/other/)
    const told = wrote(broker, 'stderr', /denied User:app at 127\.0\.0\.1: CreateTopics for other2: .*needs CLUSTER CREATE or TOPIC CREATE/)
    const denied = await as('app', 'apple', 'topic', 'create', 'other2')
    expect(denied.code).toBe(1)
    await told
    expect(denied.stderr).toMatch(/TOPIC_AUTHORIZATION_FAILED/)
    const refused = wrote(broker, 'stderr', /refused 127\.0\.0\.1: scram-sha-256: /)
    const wrong = await as('app', 'pear', 'topic', 'list')
    await refused
    expect(wrong.code).toBe(1)
    expect(wrong.stderr.trim().split('\n')).toEqual([expect.stringMatching(/app.*password|Authentication failed/i)])
    expect(wrong.stderr).not.toMatch(/pear/)
  })

  test('what acl list prints as JSON is what --acl-file takes', async () => {
    const admin = ['--command-config', file('admin.properties', propertiesOf('admin', 'se:cret')), '-b', address]
    const { stdout } = await tidemark(['acl', 'list', '-o', 'json', ...admin])
    expect(stdout).toMatch(/app\./)
    const again = await up(
      '--memory',
      '--sasl',
      'plain',
      '--user',
      'a:b',
      '--super-user',
      'User:a',
      '--acl-file',
      file('acls.json', stdout),
    )
    await using kafka = createKafka({ brokers: [again.address], sasl: { mechanism: 'plain', username: 'a', password: 'b' } })
    expect(await createAdmin(kafka).acls.list()).toMatchObject([{ principal: 'User:app', name: 'app.', pattern: 'prefixed' }])
  })

  test('settings of security that nothing is done with are named', async () => {
    const open = await up('--memory')
    const misspelt = file('misspelt', 'security.protocl=SASL_SSL\nsasl.mechanism=PLAIN\nacks=all\n')
    const { code, stderr } = await tidemark(['topic', 'list', '-b', open.address, '--command-config', misspelt])
    expect(code).toBe(0)
    expect(stderr).toMatch(/warning: .*nothing is done with security\.protocl, sasl\.mechanism: see security\.protocol/)
  })

  test('a principal without its type is refused before anything is asked', async () => {
    const { code, stderr } = await tidemark(['acl', 'add', '--allow', 'app', '--operation', 'read', '--topic', 't', '-b', '127.0.0.1:1'])
    expect(code).toBe(2)
    expect(stderr).toMatch(/'app' is not a principal; write User:app/)
  })

  test('an operation that means nothing on the resource is refused', async () => {
    const add = ['acl', 'add', '--allow', 'User:app', '-b', '127.0.0.1:1']
    const { code, stderr } = await tidemark([...add, '--operation', 'idempotent-write', '--topic', 't'])
    expect(code).toBe(2)
    expect(stderr).toMatch(/no operation idempotent-write on a topic; there are all, read/)
  })

  test('a topic whose configuration may not be seen is described without it', async () => {
    const acl = ['acl', 'add', '--allow', 'User:app', '--operation', 'describe', '--topic', 'seen']
    const admin = ['-b', address, '--command-config', file('admin.properties', propertiesOf('admin', 'se:cret'))]
    expect(await tidemark([...acl, ...admin])).toMatchObject({ code: 0 })
    expect(await tidemark(['topic', 'create', 'seen', '-c', 'cleanup.policy=compact', ...admin])).toMatchObject({ code: 0 })
    expect((await tidemark(['topic', 'describe', 'seen', ...admin])).stdout).toMatch(/cleanup\.policy +compact/)
    const app = ['-b', address, '--command-config', file('app.properties', propertiesOf('app', 'apple'))]
    const { code, stdout, stderr } = await tidemark(['topic', 'describe', 'seen', '-o', 'json', ...app])
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { topic: 'seen', partitions: [{ partition: 0 }], configs: null }])
    expect(stderr).toMatch(/may not read it \(DESCRIBE_CONFIGS\)/)
  })

  test('a user is removed with what is removed said first', async () => {
    const admin = ['-b', address, '--command-config', file('admin.properties', propertiesOf('admin', 'se:cret'))]
    for (const mechanism of ['scram-sha-256', 'scram-sha-512']) {
      expect(await tidemark(['user', 'add', 'bob', '--mechanism', mechanism, '--password-stdin', ...admin], 'pw')).toMatchObject({
        code: 0,
      })
    }
    const one = await tidemark(['user', 'remove', 'bob', '--mechanism', 'scram-sha-256', ...admin])
    expect(one).toMatchObject({ code: 3, stderr: expect.stringMatching(/scram-sha-256 will be removed; scram-sha-512 stays/) })
    expect(await tidemark(['user', 'remove', 'bob', '--yes', ...admin])).toMatchObject({ code: 0 })
    expect(await tidemark(['user', 'remove', 'bob', '--yes', ...admin])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/user bob has no credentials/),
    })
  })

  test('a file that cannot be used is refused before anything is asked', async () => {
    const store = path.join(folder, 'a.jks')
    writeFileSync(store, Buffer.from('feedfeed00000002', 'hex'))
    const text = `security.protocol=SSL\nssl.truststore.location=${store}\n`
    const jks = await tidemark(['topic', 'list', '--command-config', file('jks', text)])
    expect(jks).toMatchObject({ code: 2, stderr: expect.stringMatching(/keytool -list -rfc/) })
    const missing = await tidemark(['topic', 'list', '--command-config', path.join(folder, 'none')])
    expect(missing).toMatchObject({ code: 2, stderr: expect.stringMatching(/cannot be read/) })
  })
})

describe('profiles', () => {
  test('are added, used, listed and removed; passwords stay with their owner', async () => {
    expect((await withConfig(['profile', 'list'])).stderr).toMatch(/no profiles yet/)
    const ca = path.join(folder, 'ca.pem')
    const secured = ['-b', address, '--ca', ca, '--sasl', 'scram-sha-256', '--username', 'admin', '--password-stdin']
    expect(await withConfig(['profile', 'add', 'secured', ...secured], 'se:cret\n')).toMatchObject({ code: 0 })
    expect(await withConfig(['profile', 'add', 'nowhere', '-b', '127.0.0.1:1'])).toMatchObject({ code: 0 })
    const kept = path.join(folder, 'config', 'tidemark', 'config.yaml')
    expect(readFileSync(kept, 'utf8')).toMatch(/se:cret/)
    if (process.platform !== 'win32') expect(statSync(kept).mode & 0o777).toBe(0o600)
    const { stdout } = await withConfig(['profile', 'list', '-o', 'json'])
    expect(stdout).not.toMatch(/se:cret/)
    expect(JSON.parse(stdout)).toMatchObject([
      { name: 'secured', current: '*', brokers: address, security: 'SASL_SSL' },
      { name: 'nowhere', current: '' },
    ])
    // The first one is in use until another one is.
    expect(await withConfig(['topic', 'create', 'by-profile'])).toMatchObject({ code: 0 })
    expect(await withConfig(['profile', 'use', 'nowhere'])).toMatchObject({ code: 0 })
    expect((await withConfig(['topic', 'list'])).stderr).toMatch(/127\.0\.0\.1:1/)
    expect((await withConfig(['topic', 'list', '--profile', 'secured'])).stdout).toMatch(/by-profile/)
    expect((await withConfig(['topic', 'list'], '', { TIDEMARK_PROFILE: 'secured' })).stdout).toMatch(/by-profile/)
    expect(await withConfig(['profile', 'remove', 'nowhere'])).toMatchObject({ code: 0 })
    const gone = await withConfig(['topic', 'list', '--profile', 'nowhere'])
    expect(gone).toMatchObject({ code: 2, stderr: expect.stringMatching(/no profile 'nowhere'; there are secured/) })
    expect((await withConfig(['profile', 'remove', '__proto__'])).code).toBe(2)
  })

  test('what is typed comes before the environment, that before the profile in use; neither is shown its credentials', async () => {
    const secured = ['-b', address, '--ca', path.join(folder, 'ca.pem'), '--sasl', 'plain', '--username', 'admin', '--password-stdin']
    await withConfig(['profile', 'add', 'secured', ...secured], 'se:cret\n')
    const nowhere = '127.0.0.1:1'
    // Each that reaches nobody takes the seconds until that is certain: side by side.
    const [plain, elsewhere, without, secondary, named] = await Promise.all([
      withConfig(['topic', 'list']),
      withConfig(['topic', 'list'], '', { TIDEMARK_BROKERS: nowhere }),
      withConfig(['topic', 'list', '-b', address]),
      withConfig(['topic', 'list', '-b', address], '', { TIDEMARK_PROFILE: 'secured' }),
      withConfig(['topic', 'list', '--profile', 'secured'], '', { TIDEMARK_BROKERS: nowhere }),
    ])
    expect(plain.code).toBe(0)
    expect(elsewhere.stderr).toContain(nowhere)
    // Without credentials this broker lets nobody in.
    expect(without).toMatchObject({ code: 1, stderr: expect.stringMatching(/whether it asks for TLS or SASL/) })
    expect(secondary.code).toBe(1)
    expect(named.code).toBe(0)
    const both = ['topic', 'list', '--profile', 'secured', '--command-config', path.join(folder, 'ca.pem')]
    expect(await withConfig(both)).toMatchObject({ code: 2, stderr: expect.stringMatching(/exclude each other/) })
  })

  test('an error of TLS or SASL advises what the command line has, and no option of a program', async () => {
    const untrusted = await withConfig(['profile', 'add', 'untrusted', '-b', address, '--tls'])
    expect(untrusted.code).toBe(0)
    const refused = await withConfig(['topic', 'list', '--profile', 'untrusted'])
    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/not trusted here: name the certificate of that authority with tidemark profile add --ca/),
    })
    const { address: open } = await up('--memory')
    const text =
      'security.protocol=SASL_PLAINTEXT\nsasl.mechanism=PLAIN\nsasl.jaas.config=a.PlainLoginModule required username="a" password="b";'
    const withSasl = await tidemark(['topic', 'list', '-b', open, '--command-config', file('sasl.properties', text)])
    expect(withSasl).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/asks nobody to authenticate on this port: use a profile without --sasl, or/),
    })
    const wrongKey = `security.protocol=SSL\nssl.keystore.location=${file('not.p12', '\u0030\u0082')}\nssl.keystore.password=x`
    const unusable = await tidemark(['topic', 'list', '-b', address, '--command-config', file('p12.properties', wrongKey)])
    expect(unusable).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/what ssl\.\* says in the file of --command-config, or in the profile, cannot be used/),
    })
    const noTokens = await tidemark([
      'topic',
      'list',
      '--command-config',
      file('msk', 'security.protocol=SASL_SSL\nsasl.mechanism=AWS_MSK_IAM'),
    ])
    expect(noTokens).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/for Amazon MSK: the command line gets tokens with the credentials of a client alone/),
    })
  })

  test('a profile shows the certificate of its client, and says so where it has none', async () => {
    const authority = await Authority.make()
    const [server, client] = await Promise.all([authority.sign('CN=broker', { hosts: ['127.0.0.1'] }), authority.sign('CN=app')])
    const files = ['--tls-cert', file('mutual.pem', server.cert), '--tls-key', file('mutual.key', server.key)]
    const ca = file('mutual-ca.pem', authority.cert)
    const { address: mutual } = await up('--memory', ...files, '--tls-ca', ca, '--super-user', 'User:CN=app')
    const shown = file('app.pem', `${client.cert}\n${client.key}`)
    expect(await withConfig(['profile', 'add', 'mutual', '-b', mutual, '--ca', ca, '--cert', shown])).toMatchObject({ code: 0 })
    expect(await withConfig(['topic', 'create', 't', '--profile', 'mutual'])).toMatchObject({ code: 0 })
    expect(await withConfig(['profile', 'add', 'none', '-b', mutual, '--ca', ca])).toMatchObject({ code: 0 })
    expect((await withConfig(['topic', 'list', '--profile', 'none'])).stderr).toMatch(/certificate/)
    const alone = await withConfig(['profile', 'add', 'x', '-b', mutual, '--cert', file('alone.pem', client.cert)])
    expect(alone).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/alone\.pem, which has no private key in it, but PEM of another kind: certificate/),
    })
    const other = await withConfig(['profile', 'add', 'x', '-b', mutual, '--cert', file('mixed.pem', `${client.cert}\n${server.key}`)])
    expect(other).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/the private key .*mixed\.pem does not belong to the certificate/),
    })
  })

  test('what cannot be a profile is refused', async () => {
    expect((await withConfig(['profile', 'add', 'x', '-b', 'a:1', '--sasl', 'plain'])).code).toBe(2)
    expect((await withConfig(['profile', 'add', 'x', '-b', 'a:1', '--tls', '--command-config', 'f'])).code).toBe(2)
    expect((await withConfig(['profile', 'add', 'x', '-b', 'no address'])).code).toBe(2)
    const noCertificate = await withConfig(['profile', 'add', 'x', '-b', 'a:1', '--ca', path.join(folder, 'key.pem')])
    expect(noCertificate).toMatchObject({ code: 2, stderr: expect.stringMatching(/--ca names .*key\.pem, which has no certificate in it/) })
  })
})

describe('up', () => {
  test('reads its certificates again when they change; what cannot be used is told, and changes nothing', async () => {
    const authority = await Authority.make()
    const [first, second] = await Promise.all([1, 2].map((n) => authority.sign(`CN=broker-${n}`, { hosts: ['127.0.0.1'] })))
    const files = [file('renewed.pem', first!.cert), file('renewed.key', first!.key)] as const
    const users = file('users-of-start', 'ann:secret')
    const { child, address } = await up('--memory', '--tls-cert', files[0], '--tls-key', files[1], '--sasl', 'plain', '--user-file', users)
    // What the start alone needs may be gone by then.
    rmSync(users)
    const shown = async (): Promise<unknown> => {
      const [host, port] = address.split(':') as [string, string]
      const socket = connect({ host, port: Number(port), ca: authority.cert })
      await once(socket, 'secureConnect')
      const { subject } = socket.getPeerCertificate()
      socket.destroy()
      return subject.CN
    }
    expect(await shown()).toBe('broker-1')
    const renewed = wrote(child, 'stderr', /new connections get the certificate that [^\n]*renewed\.pem has now/)
    file('renewed.pem', second!.cert)
    file('renewed.key', second!.key)
    await renewed
    expect(await shown()).toBe('broker-2')
    const kept = wrote(child, 'stderr', /the certificate before it stays: [^\n]*renewed\.key does not belong/)
    file('renewed.pem', first!.cert)
    await kept
    expect(await shown()).toBe('broker-2')
    const unreadable = wrote(child, 'stderr', /the certificate before it stays: --tls-cert names [^\n]*, which cannot be read: ELOOP/)
    rmSync(files[0])
    symlinkSync('renewed.pem', files[0])
    await unreadable
    expect(await shown()).toBe('broker-2')
  })

  test.each([
    [['--tls-cert', 'a.pem'], /belong together/],
    [['--tls-cert', 'none.pem', '--tls-key', 'none.key'], /--tls-cert names none\.pem, which cannot be read: it does not exist/],
    [['--tls-cert', path.join(folder, 'key.pem'), '--tls-key', path.join(folder, 'key.pem')], /has no certificate in it/],
    [['--tls-ca', 'a.pem'], /need --tls-cert/],
    [['--sasl', 'gssapi'], /is not a mechanism/],
    [['--user', 'a:b'], /need --sasl/],
    [['--sasl', 'plain', '--user', 'secret'], /--user number 1 is not NAME:PASSWORD/],
    [['--super-user', 'User:a'], /need to know who clients are/],
    [['--sasl', 'plain', '--super-user', 'a'], /'a' is not a principal; write User:a/],
    [['--sasl', 'plain', '--acl-file', path.join(folder, 'no-list')], /must be a list/],
    [
      ['--sasl', 'plain', '--acl-file', path.join(folder, 'no-words')],
      /entry 1 of .*no-words: .*operation' is "fly"; it must be all, read/,
    ],
    [
      ['--tls-cert', path.join(folder, 'cert.pem'), '--tls-key', path.join(folder, 'other.pem')],
      /other\.pem does not belong to the certificate/,
    ],
  ])('%j is refused', async (args, why) => {
    file('no-list', 'a: b')
    file('no-words', '[{ principal: User:a, operation: fly, resource: topic, name: t }]')
    const { code, stderr } = await tidemark(['up', '--memory', '--listen', '127.0.0.1:0', ...args])
    expect(stderr).toMatch(why)
    expect(stderr).not.toMatch(/secret/)
    expect(code).toBe(2)
  })
})
