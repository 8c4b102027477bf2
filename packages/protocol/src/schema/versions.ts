/** Version ranges, written as in Kafka's message files: '3+', '0-14', '2'. The only place that reads them. */
export type Versions = `${number}+` | `${number}-${number}` | `${number}`
export type Range = readonly [from: number, to: number]

const ALL: Range = [0, Number.POSITIVE_INFINITY]

export function range(versions: Versions | undefined): Range {
  if (versions === undefined) return ALL
  const match = /^(\d+)(?:(\+)|-(\d+))?$/.exec(versions)
  if (match === null) throw new TypeError(`'${versions}' is not a version range`)
  const from = Number(match[1])
  if (match[2]) return [from, Number.POSITIVE_INFINITY]
  return [from, match[3] === undefined ? from : Number(match[3])]
}

export const includes = ([from, to]: Range, version: number): boolean => from <= version && version <= to
