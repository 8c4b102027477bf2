/**
 * Why a key or value cannot be decoded: the registry, its schema, or the bytes. A reader of records is told, and sees
 * the bytes; nothing fails.
 */
export class Undecodable extends Error {
  override readonly name = 'Undecodable'
}
