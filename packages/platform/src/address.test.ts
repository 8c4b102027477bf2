import { expect, test } from 'vitest'
import { formatAddress, isLoopback, isWildcard, parseAddress } from './address.ts'

test('an address is a host and a port, an IPv6 host in brackets', () => {
  for (const text of ['127.0.0.1:9092', 'broker.example:1', '[::1]:0', '[fe80::1]:65535']) {
    expect(formatAddress(parseAddress(text)!)).toBe(text)
  }
  for (const text of ['', ':9092', 'host', 'host:', 'host:65536', '::1:9092', 'host:9092:1', 'a b:1', 'host:-1', '[]:1']) {
    expect(parseAddress(text), text).toBeUndefined()
  }
})

test('where a port may be left out the fallback stands for it', () => {
  expect(parseAddress('host', 9092)).toEqual({ host: 'host', port: 9092 })
  expect(parseAddress('[::1]', 9092)).toEqual({ host: '::1', port: 9092 })
  expect(parseAddress('host:1', 9092)).toEqual({ host: 'host', port: 1 })
})

test('loopback is reached from this machine alone', () => {
  for (const host of ['localhost', '::1', '127.0.0.1', '127.1.2.3']) expect(isLoopback(host), host).toBe(true)
  for (const host of ['', '0.0.0.0', '::', '10.0.0.1', '128.0.0.1', '127.0.0.1.example.org']) expect(isLoopback(host), host).toBe(false)
})

test('a wildcard is any spelling of no address', () => {
  for (const host of ['', '0.0.0.0', '::', '0:0:0:0:0:0:0:0']) expect(isWildcard(host), host).toBe(true)
  for (const host of ['127.0.0.1', '::1', 'localhost', '10.0.0.0']) expect(isWildcard(host), host).toBe(false)
})
