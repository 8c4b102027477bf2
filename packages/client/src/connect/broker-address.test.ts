import { expect, it } from 'vitest'
import { brokerAddress } from './broker-address.ts'

it('reads names, IPv4 and bracketed IPv6 addresses', () => {
  expect(brokerAddress('localhost:9092')).toEqual({ host: 'localhost', port: 9092 })
  expect(brokerAddress('10.0.0.1:1')).toEqual({ host: '10.0.0.1', port: 1 })
  expect(brokerAddress('[fe80::1]:65535')).toEqual({ host: 'fe80::1', port: 65_535 })
})

it('refuses what is not an address, and says how to write one', () => {
  for (const text of ['localhost', 'localhost:', ':9092', '::1:9092', 'a:0', 'a:65536', 'a b:9092', 'PLAINTEXT://a:9092']) {
    expect(() => brokerAddress(text), text).toThrow(
      expect.objectContaining({ code: 'INVALID_ADDRESS', message: expect.stringContaining('host:port') }),
    )
  }
})
