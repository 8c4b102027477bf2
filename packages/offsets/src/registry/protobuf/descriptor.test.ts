/** Against what protoc made of files, and Google's library for Python of messages. */
import protobuf from 'protobufjs'
import { describe, expect, it } from 'vitest'
import { ByteReader } from '../byte-reader.ts'
import { textOf } from './descriptor.ts'
import { readProtobuf } from './read.ts'
import { protobufSchema } from './schema.ts'

const MONEY = 'Cgttb25leS5wcm90bxIEc2hvcCIdCgVNb25leRIUCgV1bml0cxgBIAEoA1IFdW5pdHNiBnByb3RvMw=='
const ORDER =
  'CgtvcmRlci5wcm90bxIEc2hvcBoLbW9uZXkucHJvdG8aH2dvb2dsZS9wcm90b2J1Zi90aW1lc3RhbXAucHJvdG8iuAMKBU9yZGVyEg4KAmlkGAEgASgDUgJpZBIsCgVsaW5lcxgCIAMoCzIWLnNob3AuT3JkZXIuTGluZXNFbnRyeVIFbGluZXMSIQoFdG90YWwYAyABKAsyCy5zaG9wLk1vbmV5UgV0b3RhbBIqCgJhdBgEIAEoCzIaLmdvb2dsZS5wcm90b2J1Zi5UaW1lc3RhbXBSAmF0EhgKBnBlcnNvbhgFIAEoCUgAUgZwZXJzb24SIQoEZmlybRgGIAEoCzILLnNob3AuTW9uZXlIAFIEZmlybRInCgVzdGF0ZRgHIAEoDjIRLnNob3AuT3JkZXIuU3RhdGVSBXN0YXRlEhUKA2JpZxgIIAEoDUgBUgNiaWeIAQESEgoEemlncxgJIAMoEVIEemlncxpKCgpMaW5lc0VudHJ5EhAKA2tleRgBIAEoCVIDa2V5EiYKBXZhbHVlGAIgASgLMhAuc2hvcC5PcmRlci5MaW5lUgV2YWx1ZToCOAEaGAoETGluZRIQCgNza3UYASABKAlSA3NrdSIaCgVTdGF0ZRIHCgNORVcQABIICgRQQUlEEAFCBwoFcGF5ZXJCBgoEX2JpZ2IGcHJvdG8z'
const OLD =
  'CglvbGQucHJvdG8SA29sZCJGCgNUd28SDAoBYRgBIAIoCVIBYRISCgFiGAIgASgIOgR0cnVlUgFiEhYKBG1hbnkYAyADKAVCAhABUgRtYW55KgUIZBDJATocCgRtb3JlEggub2xkLlR3bxhkIAEoCVIEbW9yZQ=='

const schemaOf = (text: string) => protobufSchema({ type: 'PROTOBUF', text, references: [{ name: 'money.proto', text: MONEY }] })

async function read(text: string, indexes: readonly number[], hex: string): Promise<unknown> {
  const type = (await schemaOf(text)).message(indexes)
  return JSON.parse(JSON.stringify(readProtobuf(type, new ByteReader(Buffer.from(hex, 'hex')))))
}

/** A descriptor of one message, by its parts in hexadecimal. */
const made = (...message: string[]): string => {
  const body = message.join('')
  return Buffer.from(`22${(body.length / 2).toString(16).padStart(2, '0')}${body}620670726f746f33`, 'hex').toString('base64')
}
const field = (name: string, ...rest: string[]): string => {
  const body = `0a${name.length.toString(16).padStart(2, '0')}${Buffer.from(name).toString('hex')}${rest.join('')}`
  return `12${(body.length / 2).toString(16).padStart(2, '0')}${body}`
}
const NAMED_M = '0a014d'

describe('a descriptor in base64', () => {
  it('is read as the file that it was made of: maps, oneofs, presence, imports, enums', async () => {
    const bytes = '08f9ffffffffffffffff0112080a016112030a01731a020805220608e0ea8bd80632020806380140004a020104'
    expect(await read(ORDER, [0], bytes)).toEqual({
      id: -7,
      lines: { a: { sku: 's' } },
      total: { units: 5 },
      at: '2026-11-22T14:00:00Z',
      firm: { units: 6 },
      state: 'PAID',
      big: 0,
      zigs: [-1, 2],
    })
    // Fields stand in the order of the file.
    expect(Object.keys((await read(ORDER, [0], bytes)) as object)).toEqual(['id', 'lines', 'total', 'at', 'firm', 'state', 'big', 'zigs'])
  })

  it('counts the entries of maps among the messages, as those who register descriptors do', async () => {
    const schema = await schemaOf(ORDER)
    expect([schema.message([0, 0]).fullName, schema.message([0, 1]).fullName]).toEqual(['.shop.Order.LinesEntry', '.shop.Order.Line'])
  })

  it('of proto2: presence, numbers that are packed, extensions', async () => {
    expect(await read(OLD, [0], '0a01781a0301ac02a206016d')).toEqual({ a: 'x', many: [1, 300], '.old.more': 'm' })
  })

  it('leaves text alone', () => {
    const text = 'syntax = "proto3"; message A { int32 a = 1; }'
    expect(textOf(protobuf, text)).toBe(text)
  })

  it.each([
    ['bytes that are no descriptor', 'AAAA', 'a field of number 0'],
    ['bytes that end early', 'IgU=', 'cut short'],
    ['a name with more in it', made('0a044d207b7d'), 'a name that is not one'],
    ['a group', made(NAMED_M, field('g', '1801', '2001', '280a')), 'a group'],
    ['a type that is unknown', made(NAMED_M, field('g', '1801', '2001', '2863')), 'a name that is not one'],
    ['an edition', Buffer.from('70e807', 'hex').toString('base64'), 'an edition'],
    ['an import with more in it', Buffer.from('1a04613b2262', 'hex').toString('base64'), 'a file by a name that is not one'],
  ])('that is wrong is refused: %s', async (_, text, problem) => {
    await expect(schemaOf(text)).rejects.toMatchObject({ message: expect.stringContaining(problem) })
  })
})
