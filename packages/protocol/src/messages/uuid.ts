/**
 * UUIDs travel through the code as 32 hexadecimal digits; people see Kafka's spelling, 22 characters of base64url.
 */
export const ZERO_UUID = '00000000000000000000000000000000'

export const uuidToText = (uuid: string): string => Buffer.from(uuid, 'hex').toString('base64url')

/** Returns undefined for text that is not a UUID in Kafka's spelling. */
export function uuidFromText(text: string): string | undefined {
  const bytes = Buffer.from(text, 'base64url')
  return bytes.length === 16 && bytes.toString('base64url') === text ? bytes.toString('hex') : undefined
}
