/** Values that Avro's logical types and Protobuf's well-known types have in common, as text that loses nothing. */

/** As JSON has it: a number where that is exact, else its digits. */
export const exactNumber = (value: bigint): number | string => {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value.toString()
}

/** JSON has no word for these. */
export const doubleValue = (value: number): number | string => (Number.isFinite(value) ? value : String(value))

/** The shortest number that is this one in 32 bits: 0.1, not 0.10000000149011612. */
export function floatValue(value: number): number | string {
  if (!Number.isFinite(value)) return String(value)
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits))
    if (Math.fround(short) === value) return short
  }
  return value
}

const MS_MAX = 8_640_000_000_000_000n
const floorDiv = (value: bigint, by: bigint): bigint => (value - (((value % by) + by) % by)) / by

/** ISO 8601, of a count of 10^-`digits` seconds since 1970; undefined: it is not a time in the calendar. */
export function instantText(value: bigint, digits: 3 | 6 | 9, zone: 'Z' | ''): string | undefined {
  const perSecond = 10n ** BigInt(digits)
  const seconds = floorDiv(value, perSecond)
  const ms = seconds * 1_000n
  if (ms > MS_MAX || ms < -MS_MAX) return undefined
  const fraction = (value - seconds * perSecond).toString().padStart(digits, '0')
  return `${new Date(Number(ms)).toISOString().slice(0, -'.000Z'.length)}.${fraction}${zone}`
}

/** `2026-11-22`, of days since 1970. */
export function dateText(days: bigint): string | undefined {
  const ms = days * 86_400_000n
  return ms > MS_MAX || ms < -MS_MAX ? undefined : new Date(Number(ms)).toISOString().replace(/T.*/, '')
}

/** `14:00:00.250`, of 10^-`digits` seconds since midnight. */
export function timeOfDayText(value: bigint, digits: 3 | 6): string | undefined {
  const perSecond = 10n ** BigInt(digits)
  if (value < 0n || value >= 86_400n * perSecond) return undefined
  return instantText(value, digits, '')!.replace(/^.*T/, '')
}

/** Bytes in two's complement, the highest first, as Java's BigInteger writes them. */
export const signedInteger = (bytes: Buffer): bigint =>
  bytes.length === 0 ? 0n : BigInt.asIntN(bytes.length * 8, BigInt(`0x${bytes.toString('hex')}`))

/** `-12.30`, of -1230 and a scale of 2. */
export function decimalText(unscaled: bigint, scale: number): string {
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0')
  const point = digits.length - scale
  return `${unscaled < 0n ? '-' : ''}${digits.slice(0, point)}${scale === 0 ? '' : `.${digits.slice(point)}`}`
}
