/** What a client that has to authenticate may do before it has, while it does and after its session has ended. */
import { nodePlatform } from '@tidemark/platform'
import { apis, bearerMessage, plainMessage } from '@tidemark/protocol'
import { describe, expect, test } from 'vitest'
import { ManualClock, type RawClient } from '../testing/index.ts'
import { connect, folder, metadataOf, notables, start } from '../testing/requests.case.ts'
import { byPlain, byScram, challengeOf, handshake, say, startSasl } from '../testing/sasl.case.ts'
import { UNAUTHENTICATED_BYTES_MAX } from './connection.ts'

const base64 = (text: string): string => Buffer.from(text).toString('base64url')
const tokenOf = (clock: ManualClock, sub: string, lifeMs: number): Buffer => {
  const exp = (clock.now() + lifeMs) / 1000
  return bearerMessage({ value: `${base64('{"alg":"none"}')}.${base64(JSON.stringify({ sub, exp }))}.` })
}

const sizeOf = (bytes: number): Buffer => {
  const size = Buffer.alloc(4)
  size.writeInt32BE(bytes)
  return size
}

async function withClock(options: Parameters<typeof startSasl>[0] = {}) {
  const clock = new ManualClock()
  const broker = await startSasl({ platform: { ...nodePlatform, clock }, ...options })
  return { clock, broker, client: await connect(broker) }
}

describe('a client that has not authenticated', () => {
  test('may ask for the versions, and for nothing else', async () => {
    const broker = await startSasl()
    const client = await connect(broker)
    const software = { clientSoftwareName: 'raw', clientSoftwareVersion: '1' }
    expect((await client.call(apis.ApiVersions, 3, software)).errorCode).toBe(0)
    void metadataOf(client, null)
    await client.closed
    expect(client.frames.length).toBe(1)
  })

  test('may send frames of 524,288 bytes and no larger ones; afterwards those of everyone', async () => {
    const broker = await startSasl()
    const told = notables()
    const large = await connect(broker)
    large.raw(sizeOf(UNAUTHENTICATED_BYTES_MAX + 1))
    await large.closed
    expect(told).toMatchObject([{ kind: 'refused', why: expect.stringContaining('the largest is 524288') }])
    const client = await connect(broker)
    expect((await byPlain(client, 'alice', 'wonderland')).error).toBe('NONE')
    const names = Array.from({ length: 20 }, (_, i) => `${i}`.padEnd(30_000, 'x'))
    expect((await metadataOf(client, names)).topics.length).toBe(20)
  })

  test('is let go of after authenticationTimeoutMs, however busy it is', async () => {
    const { clock, client } = await withClock({ authenticationTimeoutMs: 5_000 })
    const told = notables()
    await handshake(client, 'SCRAM-SHA-256')
    clock.advance(4_999)
    expect((await handshake(client, 'PLAIN')).error).toBe('NONE')
    clock.advance(1)
    await client.closed
    expect(told).toMatchObject([{ kind: 'refused', why: 'the client has not authenticated within 5000 ms' }])
  })

  test('is given 10 seconds; one that has authenticated stays', async () => {
    const { clock, client, broker } = await withClock()
    const slow = await connect(broker)
    await handshake(slow, 'PLAIN')
    await byPlain(client, 'alice', 'wonderland')
    clock.advance(10_000)
    await slow.closed
    expect((await metadataOf(client, null)).brokers.length).toBe(1)
  })

  test('who names no mechanism before its first message, or an unknown one, is refused', async () => {
    const broker = await startSasl({}, ['plain', 'scram-sha-512'])
    const early = await connect(broker)
    expect(await say(early, plainMessage({ username: 'alice', password: 'wonderland' }))).toMatchObject({ error: 'ILLEGAL_SASL_STATE' })
    await early.closed
    const other = await connect(broker)
    expect(await handshake(other, 'SCRAM-SHA-256')).toEqual({
      error: 'UNSUPPORTED_SASL_MECHANISM',
      mechanisms: ['PLAIN', 'SCRAM-SHA-512'],
    })
    await other.closed
  })
})

describe('a listener with users of its own', () => {
  test('takes them alone; they are nobody elsewhere, and what a client alters is not theirs', async () => {
    const own = { sasl: ['plain', 'scram-sha-256'], protocol: 'sasl_plaintext' } as const
    const listeners = [
      { name: 'ALL', ...own },
      { name: 'INSIDE', ...own, users: { 'the console': 'inside' } },
    ]
    const broker = await start({ listeners, failedAuthenticationDelayMs: 0, users: { alice: 'wonderland', 'the console': 'outside' } })
    const login = async (listener: string, user: string, password: string): Promise<string[]> => {
      const to = () => connect({ ...broker, port: Number(broker.listeners[listener]!.split(':')[1]) })
      return [(await byScram(await to(), user, password)).error, (await byPlain(await to(), user, password)).error]
    }
    const [taken, refused] = ['NONE', 'SASL_AUTHENTICATION_FAILED'].map((error) => [error, error])
    expect(await login('ALL', 'alice', 'wonderland')).toEqual(taken)
    expect(await login('INSIDE', 'alice', 'wonderland')).toEqual(refused)
    expect(await login('ALL', 'the console', 'inside')).toEqual(refused)
    expect(await login('INSIDE', 'the console', 'outside')).toEqual(refused)
    expect(await login('INSIDE', 'the console', 'inside')).toEqual(taken)
    // From outside an unknown user looks as a known one, and has one salt.
    const salts = await Promise.all([1, 2].map(async () => (await challengeOf(await connect(broker), 'nobody')).salt))
    expect(salts[0]).toEqual(salts[1])
  })
})

describe('an exchange', () => {
  test.each(['sha256', 'sha512'] as const)('of SCRAM with %s: right, wrong, and with the proof of another exchange', async (hash) => {
    const broker = await startSasl()
    expect((await byScram(await connect(broker), 'alice', 'wonderland', hash)).error).toBe('NONE')
    expect((await byScram(await connect(broker), 'alice', 'builder', hash)).error).toBe('SASL_AUTHENTICATION_FAILED')
    const replayed = await (await challengeOf(await connect(broker), 'alice', hash)).final('wonderland')
    const client = await connect(broker)
    await challengeOf(client, 'alice', hash)
    expect((await say(client, replayed)).error).toBe('SASL_AUTHENTICATION_FAILED')
    await client.closed
  })

  test('after SaslHandshake 0 comes in frames without a header (KIP-43); a refused client is told nothing', async () => {
    const broker = await startSasl()
    const client = await connect(broker)
    expect((await handshake(client, 'PLAIN', 0)).error).toBe('NONE')
    const right = plainMessage({ username: 'alice', password: 'wonderland' })
    client.raw(Buffer.concat([sizeOf(right.length), right]))
    // The answer is an empty frame: what follows is a request as any.
    expect((await metadataOf(client, null)).brokers.length).toBe(1)
    const refused = await connect(broker)
    await handshake(refused, 'PLAIN', 0)
    const wrong = plainMessage({ username: 'alice', password: 'x' })
    refused.raw(Buffer.concat([sizeOf(wrong.length), wrong]))
    await refused.closed
    expect(refused.frames.length).toBe(1)
  })

  test('that was refused ends its connection, whatever else was sent', async () => {
    const broker = await startSasl()
    const client = await connect(broker)
    await handshake(client, 'PLAIN')
    const refused = say(client, plainMessage({ username: 'alice', password: 'x' }))
    void say(client, plainMessage({ username: 'alice', password: 'wonderland' }))
    void metadataOf(client, null)
    expect((await refused).error).toBe('SASL_AUTHENTICATION_FAILED')
    await client.closed
    expect(client.frames.length).toBe(2)
  })
})

describe('a session', () => {
  test('that is over closes its connection on the next request; authenticating again renews it (KIP-368)', async () => {
    const { clock, client } = await withClock({ connectionReauthMsMax: 1_000 })
    expect((await byPlain(client, 'alice', 'wonderland')).sessionLifetimeMs).toBe(1_000)
    clock.advance(999)
    await metadataOf(client, null)
    clock.advance(1)
    expect((await byPlain(client, 'alice', 'wonderland')).error).toBe('NONE')
    clock.advance(999)
    await metadataOf(client, null)
    clock.advance(1)
    void metadataOf(client, null)
    await client.closed
  })

  test('lasts as long as the token, if that is shorter', async () => {
    const { clock, client } = await withClock({ connectionReauthMsMax: 60_000 })
    await handshake(client, 'OAUTHBEARER')
    expect((await say(client, tokenOf(clock, 'alice', 5_000))).sessionLifetimeMs).toBe(5_000)
    clock.advance(5_000)
    void metadataOf(client, null)
    await client.closed
  })

  test('that is being renewed leaves no room for other requests: one ends the connection, as at Kafka', async () => {
    const { client } = await withClock({ connectionReauthMsMax: 1_000 })
    const told = notables()
    await byPlain(client, 'alice', 'wonderland')
    await handshake(client, 'PLAIN')
    void metadataOf(client, null)
    await client.closed
    expect(told).toMatchObject([{ kind: 'refused', why: expect.stringMatching(/^Metadata: .*authenticate again/) }])
  })

  test('is not renewed as another user, nor by another mechanism', async () => {
    const broker = await startSasl()
    const client = await connect(broker)
    await byPlain(client, 'alice', 'wonderland')
    const asBob = await byPlain(client, 'bob', 'builder')
    expect(asBob).toMatchObject({ error: 'SASL_AUTHENTICATION_FAILED', errorMessage: expect.stringContaining('another user') })
    await client.closed
    const other = await connect(broker)
    await byPlain(other, 'alice', 'wonderland')
    expect((await handshake(other, 'SCRAM-SHA-256')).error).toBe('UNSUPPORTED_SASL_MECHANISM')
    await other.closed
  })
})

describe('a user who does not exist', () => {
  const upsert = (client: RawClient, name: string, iterations: number, saltBytes: number) =>
    client.call(apis.AlterUserScramCredentials, 0, {
      deletions: [],
      upsertions: [{ name, mechanism: 1, iterations, salt: Buffer.alloc(saltBytes, 7), saltedPassword: Buffer.alloc(32, 9) }],
    })

  test('is challenged as those of the options, and with the same salt each time', async () => {
    const broker = await startSasl()
    const shapeOf = async (name: string) => {
      const { salt, iterations } = await challengeOf(await connect(broker), name)
      return { salt: salt.toString('hex'), bytes: salt.length, iterations }
    }
    const nobody = await shapeOf('nobody')
    expect(nobody).toMatchObject({ bytes: 24, iterations: 4096 })
    expect(await shapeOf('alice')).toMatchObject({ bytes: 24, iterations: 4096 })
    expect(await shapeOf('nobody')).toEqual(nobody)
    expect((await shapeOf('somebody')).salt).not.toBe(nobody.salt)
  })

  test('has the same salt after a restart, also one that read a checkpoint, and another one at another broker', async () => {
    const data = folder()
    const saltOf = async (at: string) => {
      const broker = await startSasl({ data: at })
      const salts = await Promise.all(
        ['nobody', 'alice'].map(async (name) => (await challengeOf(await connect(broker), name)).salt.toString('hex')),
      )
      await broker.close()
      return salts
    }
    const first = await saltOf(data)
    expect(await saltOf(data)).toEqual(first)
    expect(await saltOf(data)).toEqual(first)
    for (const salt of await saltOf(folder())) expect(first).not.toContain(salt)
  })

  test('is challenged as most of those that are kept', async () => {
    const broker = await startSasl({ users: { root: 'root' } })
    const root = await connect(broker)
    await byPlain(root, 'root', 'root')
    const shapeOf = async (name: string, hash: 'sha256' | 'sha512' = 'sha256') => {
      const { salt, iterations } = await challengeOf(await connect(broker), name, hash)
      return [iterations, salt.length]
    }
    await upsert(root, 'a', 8192, 70)
    expect(await shapeOf('nobody')).toEqual([4096, 24])
    await upsert(root, 'b', 8192, 70)
    expect(await shapeOf('nobody')).toEqual([8192, 70])
    expect(await shapeOf('a')).toEqual([8192, 70])
    expect(await shapeOf('nobody', 'sha512')).toEqual([4096, 24])
  })

  test('is refused in the same words as one whose password is wrong', async () => {
    const broker = await startSasl()
    const said = async (name: string) => {
      const [plain, scram] = [await byPlain(await connect(broker), name, 'x'), await byScram(await connect(broker), name, 'x')]
      return [plain.errorMessage, scram.errorMessage]
    }
    expect(await said('nobody')).toEqual(await said('alice'))
  })
})
