/**
 * The console in the built program: its address, its token, its page, and its end. The page itself is judged in
 * conformance/console.
 */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type IncomingMessage, request } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Authority } from './testing/certificates.ts'
import { endAll, finished, firstLine, startWith, stopped, tidemark, up, wrote } from './testing/command.ts'

const scratch = mkdtempSync(path.join(tmpdir(), 'tidemark-console-'))
const env = { ...process.env, XDG_CONFIG_HOME: scratch, XDG_STATE_HOME: scratch }

let broker: string
beforeAll(async () => {
  ;({ address: broker } = await up('--memory'))
})
afterAll(async () => {
  await endAll()
  rmSync(scratch, { recursive: true, force: true })
})

async function open(args: string[], more: NodeJS.ProcessEnv = {}): Promise<{ child: ChildProcess; url: URL; token: string | null }> {
  const ours = [
    ['--listen', '127.0.0.1:0'],
    ['-b', broker],
  ].filter(([flag]) => !args.includes(flag!))
  const child = startWith({ env: { ...env, ...more } }, 'console', ...ours.flat(), ...args)
  const line = await firstLine(child)
  const url = new URL(line)
  return { child, url, token: new URLSearchParams(url.hash.slice(1)).get('token') }
}

const info = (url: URL, token?: string) =>
  fetch(new URL('/api/info', url), token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } })

describe('tidemark console', () => {
  test('prints its address, serves the page and the cluster, and ends with 0 after Ctrl-C', async () => {
    const { child, url, token } = await open([])
    expect([url.hostname, token]).toEqual(['127.0.0.1', null])
    expect(await (await info(url)).json()).toMatchObject({
      brokers: [broker],
      readOnly: false,
      protected: false,
      commandFlags: `-b ${broker}`,
    })
    const page = await (await fetch(url)).text()
    const script = /src="(\/assets\/[^"]+\.js)"/.exec(page)![1]!
    expect((await fetch(new URL(script, url))).status).toBe(200)
    expect(await stopped(child, 'SIGINT')).toBe(0)
  })

  test('on other addresses than loopback it makes a token, which stands in the address', async () => {
    const { child, url, token } = await open(['--listen', '0.0.0.0:0'])
    expect(token).toMatch(/^[\w-]{24}$/)
    expect((await info(url)).status).toBe(401)
    expect((await info(url, token!)).status).toBe(200)
    expect(await stopped(child, 'SIGTERM')).toBe(0)
  })

  test('answers to the names that it is given, and to no other', async () => {
    const { child, url } = await open(['--allow-host', 'kafka.example.org', '--allow-host', 'console.example.org'])
    const statusFor = async (host: string): Promise<number> => {
      const sent = request({ host: url.hostname, port: url.port, path: '/api/info', headers: { host } }).end()
      const [response] = (await once(sent, 'response')) as [IncomingMessage]
      response.resume()
      return response.statusCode!
    }
    expect(await statusFor('kafka.example.org')).toBe(200)
    expect(await statusFor('console.example.org:8080')).toBe(200)
    expect(await statusFor('other.example.org')).toBe(403)
    await stopped(child, 'SIGINT')
  })

  test('takes its token from the environment', async () => {
    const { child, url, token } = await open(['--read-only'], { TIDEMARK_CONSOLE_TOKEN: 'a token of the test' })
    expect(token).toBe('a token of the test')
    expect(await (await info(url, token!)).json()).toMatchObject({ readOnly: true })
    await stopped(child, 'SIGINT')
  })

  test('a profile gives it its name and its guard', async () => {
    await finished(startWith({ env }, 'profile', 'add', 'production', '-b', broker, '--protected'))
    const child = startWith({ env }, 'console', '--listen', '127.0.0.1:0', '--profile', 'production')
    const line = await firstLine(child)
    expect(await (await info(new URL(line))).json()).toMatchObject({
      ...{ clusterName: 'production', commandFlags: '--profile production' },
      ...{ protected: true, readOnly: false },
    })
    await stopped(child, 'SIGINT')
  })

  test('a file of its configuration stands in the commands that the page shows', async () => {
    const file = path.join(scratch, 'my client.properties')
    writeFileSync(file, 'security.protocol=PLAINTEXT\n')
    const { child, url } = await open(['--command-config', file])
    expect(await (await info(url)).json()).toMatchObject({ commandFlags: `-b ${broker} --command-config '${file}'` })
    await stopped(child, 'SIGINT')
  })

  test('goes on without a broker, and says so to the page', async () => {
    const { child, url } = await open(['-b', '127.0.0.1:1'])
    const groups = await fetch(new URL('/api/groups', url))
    expect([groups.status, ((await groups.json()) as { code: string }).code]).toEqual([503, 'UNREACHABLE'])
    await stopped(child, 'SIGINT')
  })

  test.each([
    [['--listen', 'nowhere'], 2, "'nowhere' is not an address"],
    [['--token', 'short'], 2, "option 'token' must be text of 16 characters or more"],
    [['--colour'], 2, '--colour'],
  ])('%j ends with %i', async (args, code, text) => {
    const { code: found, stdout, stderr } = await tidemark(['console', ...args])
    expect([found, stdout]).toEqual([code, ''])
    expect(stderr).toContain(text)
    expect(stderr.trim().split('\n').length).toBe(1)
  })

  test('says that its port is taken', async () => {
    const { child, url } = await open([])
    expect(await tidemark(['console', '--listen', url.host])).toMatchObject({
      code: 1,
      stderr: `tidemark: ${url.host} is in use by another process; choose another port, or port 0 for a free one\n`,
    })
    await stopped(child, 'SIGINT')
  })
})

describe('tidemark up --console', () => {
  test('serves both, keeps stdout for the address of the broker, and ends both', async () => {
    const child = startWith({ env }, 'up', '--memory', '--listen', '127.0.0.1:0', '--console', '127.0.0.1:0')
    let said = ''
    child.stderr!.on('data', (chunk) => {
      said += chunk
    })
    const address = await firstLine(child)
    await wrote(child, 'stderr', 'the console is at')
    const url = new URL(/http:\/\/\S+/.exec(said)![0])
    expect(await (await info(url)).json()).toMatchObject({ brokers: [address] })
    expect(await stopped(child, 'SIGINT')).toBe(0)
    await expect(fetch(url)).rejects.toThrow()
  })

  test('of a broker with SASL asks for its token on loopback too, and reaches the broker as a user of its own', async () => {
    const sasl = ['--sasl', 'plain', '--user', 'admin:a secret', '--super-user', 'User:admin']
    const seen = await upWithConsole(...sasl, '--super-user', 'User:tidemark-console', '--nodes', '2')
    const client = path.join(scratch, 'admin.properties')
    writeFileSync(client, clientOf('admin', 'a secret'))
    const created = await tidemark(['topic', 'create', 'orders', '-b', seen.address, '--command-config', client])
    expect(created).toMatchObject({ code: 0 })
    expect(seen.address.split(',')).toHaveLength(2)
    expect((await info(seen.url)).status).toBe(401)
    expect(await (await info(seen.url, seen.token!)).json()).toMatchObject({
      clusterName: seen.address,
      commandFlags: `-b ${seen.address} --command-config client.properties`,
    })
    expect(await topicsOf(seen)).toEqual(['orders'])
    expect(await stopped(seen.child, 'SIGINT')).toBe(0)
  })

  test('is not exempt from ACLs, and its listener takes nobody without a password', async () => {
    const bare = await upWithConsole('--sasl', 'plain', '--user', 'admin:a secret', '--super-user', 'User:admin')
    expect(bare.said()).toContain(
      'ACLs hold for the console too: it is User:tidemark-console; to let it see and move everything: --super-user User:tidemark-console',
    )
    const client = path.join(scratch, 'admin.properties')
    writeFileSync(client, clientOf('admin', 'a secret'))
    await tidemark(['topic', 'create', 'orders', '-b', bare.address, '--command-config', client])
    expect(await topicsOf(bare)).toEqual([])
    const { brokers } = (await (await info(bare.url, bare.token!)).json()) as { brokers: string[] }
    const inside = brokers[0]!
    expect(inside).not.toBe(bare.address)
    const scram = path.join(scratch, 'scram.properties')
    writeFileSync(scram, clientOf('admin', 'a secret', 'SCRAM-SHA-512'))
    for (const args of [[], ['--command-config', client], ['--command-config', scram]])
      expect(await tidemark(['topic', 'list', '-b', inside, ...args])).toMatchObject({ code: 1, stdout: '' })
    await stopped(bare.child, 'SIGINT')
  })

  test('the name of its user is taken', async () => {
    const sasl = ['--sasl', 'plain', '--user', 'tidemark-console:a secret']
    const { code, stderr } = await tidemark(['up', '--memory', ...sasl, '--console', '127.0.0.1:0'])
    expect([code, stderr]).toEqual([2, expect.stringContaining("'tidemark-console' is the user that the console of --console is")])
  })

  test('of a broker with TLS alone; with ACLs for those who show a certificate it asks for its token', async () => {
    const authority = await Authority.make()
    const { cert, key } = await authority.sign('CN=broker', { hosts: ['127.0.0.1'] })
    const files = { '--tls-cert': cert, '--tls-key': key }
    const args = Object.entries(files).flatMap(([option, text]) => {
      const file = path.join(scratch, `${option}.pem`)
      writeFileSync(file, text)
      return [option, file]
    })
    const tls = await upWithConsole(...args)
    expect(tls.token).toBeNull()
    expect(await topicsOf(tls)).toEqual([])
    expect(await stopped(tls.child, 'SIGINT')).toBe(0)
    const ca = path.join(scratch, 'ca.pem')
    writeFileSync(ca, authority.cert)
    const requested = ['--tls-ca', ca, '--tls-client-auth', 'requested', '--super-user', 'User:tidemark-console']
    const known = await upWithConsole(...args, ...requested)
    expect((await info(known.url)).status).toBe(401)
    await stopped(known.child, 'SIGINT')
  })
})

const clientOf = (user: string, password: string, mechanism = 'PLAIN'): string =>
  `security.protocol=SASL_PLAINTEXT
sasl.mechanism=${mechanism}
sasl.jaas.config=org.apache.kafka.common.security.${mechanism === 'PLAIN' ? 'plain.Plain' : 'scram.Scram'}LoginModule required username="${user}" password="${password}";
`

interface UpWithConsole {
  readonly child: ChildProcess
  readonly address: string
  readonly url: URL
  readonly token: string | null
  said(): string
}

async function upWithConsole(...args: string[]): Promise<UpWithConsole> {
  const child = startWith({ env }, 'up', '--memory', '--listen', '127.0.0.1:0', '--console', '127.0.0.1:0', ...args)
  let said = ''
  child.stderr!.on('data', (chunk) => {
    said += chunk
  })
  const addresses = await firstLine(child)
  await wrote(child, 'stderr', /the console is at/)
  const url = new URL(/http:\/\/\S+/.exec(said)![0])
  return { child, address: addresses, url, token: new URLSearchParams(url.hash.slice(1)).get('token'), said: () => said }
}

async function topicsOf({ url, token }: UpWithConsole): Promise<string[]> {
  const reply = await fetch(new URL('/api/topics', url), token === null ? {} : { headers: { authorization: `Bearer ${token}` } })
  expect(reply.status).toBe(200)
  return ((await reply.json()) as { topic: string }[]).map(({ topic }) => topic)
}
