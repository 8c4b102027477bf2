import { expect, it } from 'vitest'
import { addressText, parseAddress } from './address.ts'

it('reads names, IPv4 and bracketed IPv6 addresses, and writes them back', () => {
  for (const text of ['localhost:9092', '10.0.0.1:1', '[::1]:65535']) expect(addressText(parseAddress(text))).toBe(text)
  expect(parseAddress('[fe80::1]:9092')).toEqual({ host: 'fe80::1', port: 9092 })
})

it('refuses what is not an address, and says how to write one', () => {
  for (const text of ['localhost', 'localhost:', ':9092', '::1:9092', 'a:0', 'a:65536', 'PLAINTEXT://a:9092']) {
    expect(() => parseAddress(text), text).toThrow(
      expect.objectContaining({ code: 'INVALID_ADDRESS', message: expect.stringContaining('host:port') }),
    )
  }
})
