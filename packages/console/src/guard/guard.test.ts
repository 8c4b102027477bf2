/** What a page of another site, or another machine, may try. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ownPage, type World, world } from '../testing/world.ts'

const TOKEN = 'sixteen characters and more'

describe('without a token', () => {
  let w: World
  beforeAll(async () => {
    w = await world({ hosts: ['console.example'] })
  })
  afterAll(() => w[Symbol.asyncDispose]())
  const statusOf = async (path: string, headers: Record<string, string>, method = 'GET', body?: string) =>
    (await w.send(path, { method, headers, ...(body !== undefined && { body }) })).status

  test.each(['evil.example', 'evil.example:8080', 'localhost.evil.example', '127.0.0.1.evil.example', 'a b', '[::1', 'x@127.0.0.1'])(
    'refuses the Host %j: a name that somebody else resolves to this machine',
    async (host) => {
      for (const path of ['/', '/api/groups', '/api/live']) expect(await statusOf(path, { host })).toBe(403)
    },
  )

  test.each(['localhost', 'localhost:1', '127.0.0.1', '[::1]:80', '192.168.0.7:8080', 'console.example', 'CONSOLE.example:443'])(
    'answers to the Host %j',
    async (host) => {
      expect(await statusOf('/api/info', { host })).toBe(200)
    },
  )

  test.each(['https://evil.example', 'null', 'http://127.0.0.1:1', 'http://localhost'])('refuses the Origin %j', async (origin) => {
    expect(await statusOf('/api/groups', { origin })).toBe(403)
    expect(await statusOf('/api/session', { ...ownPage(w.console.port), origin }, 'POST', '{"token":"x"}')).toBe(403)
  })

  test('behind a proxy with TLS the Origin is a name that was given, and the cookie is for TLS alone', async () => {
    const post = (origin: string) =>
      w.send('/api/session', { method: 'POST', headers: { ...ownPage(w.console.port), origin }, body: JSON.stringify({ token: 'x' }) })
    expect((await post('https://console.example')).status).toBe(200)
    for (const origin of ['http://console.example', 'https://console.example:8443', 'https://console.example.evil.example']) {
      expect((await post(origin)).status).toBe(403)
    }
  })

  test('refuses scripts and forms of other sites, and follows their links to a page', async () => {
    for (const site of ['cross-site', 'same-site']) {
      expect(await statusOf('/api/groups', { 'sec-fetch-site': site, 'sec-fetch-mode': 'no-cors' })).toBe(403)
      expect(await statusOf('/api/groups', { 'sec-fetch-site': site, 'sec-fetch-mode': 'navigate' })).toBe(403)
      expect(await statusOf('/groups', { 'sec-fetch-site': site, 'sec-fetch-mode': 'navigate' })).toBe(200)
    }
  })

  test('a request that writes comes from its own page, as JSON', async () => {
    const own = ownPage(w.console.port)
    const post = (headers: Record<string, string>) => statusOf('/api/session', headers, 'POST', '{"token":"x"}')
    expect(await post(own)).toBe(200)
    const { origin: _, ...anonymous } = own
    expect(await post(anonymous)).toBe(403)
    for (const type of ['application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'text/plain', '']) {
      expect(await post({ ...own, 'content-type': type })).toBe(415)
    }
    expect(await post({ ...own, 'content-type': 'application/json; charset=utf-8' })).toBe(200)
  })

  test.each([
    '/../package.json',
    '/..%2fpackage.json',
    '/assets/../../package.json',
    '/assets/..%2f..%2fpackage.json',
    '/%2e%2e/%2e%2e/etc/passwd',
    '//etc/passwd',
    '/assets/%00',
    '/files.json/../../index.js',
    '/..\\package.json',
  ])('no path leads out of the page: %s', async (path) => {
    const { status, text } = await w.send(path)
    expect([400, 404]).toContain(status)
    expect(text).not.toMatch(/root:|tidemark\/console/)
  })

  test('says to the browser what it may do: no inline script, nothing from elsewhere, no frame', async () => {
    for (const path of ['/', '/api/info', '/nothing']) {
      const { headers } = await w.send(path)
      const policy = String(headers['content-security-policy'])
      expect(policy).toContain("default-src 'none'")
      expect(policy).toContain("frame-ancestors 'none'")
      expect(policy).not.toMatch(/unsafe|\*|https?:/)
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cross-origin-resource-policy': 'same-origin',
      })
    }
    const { text } = await w.send('/')
    expect(text).not.toMatch(/<script(?![^>]*\bsrc=)|\bon\w+=|style=|https?:\/\//)
  })

  test('a body that is too large, or not JSON, is refused', async () => {
    const own = ownPage(w.console.port)
    expect(await statusOf('/api/session', own, 'POST', JSON.stringify({ token: 'x'.repeat(3_000_000) }))).toBe(413)
    for (const body of ['{', '{}', '{"token":1}', '{"token":"a","b":1}', '[]', 'null'])
      expect(await statusOf('/api/session', own, 'POST', body)).toBe(400)
  })

  test('markup in the names of topics and groups comes back as JSON and nothing else', async () => {
    const name = encodeURIComponent('<script>alert(1)</script>')
    for (const path of [`/api/groups/${name}`, `/api/topics/${name}`]) {
      const reply = await w.send(path)
      expect([reply.status, reply.headers['content-type']]).toEqual([expect.any(Number), expect.stringContaining('application/json')])
      expect(reply.status).toBeGreaterThanOrEqual(400)
    }
  })
})

describe('with a token', () => {
  let w: World
  beforeAll(async () => {
    w = await world({ token: TOKEN })
  })
  afterAll(() => w[Symbol.asyncDispose]())

  test('nothing of the cluster is told without it, or with another', async () => {
    for (const path of ['/api/info', '/api/groups', '/api/live', '/api/topics/orders/tail', '/api/nothing']) {
      for (const headers of [
        {},
        { authorization: 'Bearer wrong' },
        { authorization: `Basic ${TOKEN}` },
        { cookie: 'tidemark-1=x' },
      ] as Record<string, string>[]) {
        expect([path, (await w.send(path, { headers })).status]).toEqual([path, 401])
      }
    }
  })

  test('the page itself comes without it, and asks for it', async () => {
    expect((await w.send('/groups')).status).toBe(200)
  })

  test('it is a bearer for programs', async () => {
    expect((await w.send('/api/info', { headers: { authorization: `Bearer ${TOKEN}` } })).status).toBe(200)
  })

  test('a browser exchanges it for a cookie that scripts and other sites cannot use, and that does not hold it', async () => {
    const post = (token: string) =>
      w.send('/api/session', { method: 'POST', headers: ownPage(w.console.port), body: JSON.stringify({ token }) })
    expect((await post('wrong')).status).toBe(401)
    const [cookie] = (await post(TOKEN)).headers['set-cookie'] as string[]
    expect(cookie).toMatch(/; Path=\/; HttpOnly; SameSite=Strict$/)
    expect(cookie).not.toContain(TOKEN)
    const behindTls = { ...ownPage(w.console.port), origin: `https://127.0.0.1:${w.console.port}` }
    const secured = await w.send('/api/session', { method: 'POST', headers: behindTls, body: JSON.stringify({ token: TOKEN }) })
    expect(secured.headers['set-cookie']![0]).toMatch(/; Secure$/)
    const pair = cookie!.split(';', 1)[0]!
    expect((await w.send('/api/info', { headers: { cookie: `other=1; ${pair}` } })).status).toBe(200)
    expect((await w.send('/api/info', { headers: { cookie: pair.slice(0, -1) } })).status).toBe(401)
  })

  test('other addresses than loopback work with it', async () => {
    await using open = await world({ listen: { host: '0.0.0.0', port: 0 }, token: TOKEN })
    expect(open.console.url).toBe(`http://127.0.0.1:${open.console.port}/`)
    expect((await open.send('/api/info')).status).toBe(401)
  })
})
