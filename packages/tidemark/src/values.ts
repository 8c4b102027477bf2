/** What the text of an option means. Loaded by every command: it needs no client. */
import { type Address, countOption, parseAddress } from '@tidemark/platform'
import { usage } from './exit.ts'

export const addressesOf = (text: string): string[] => text.split(',').map((address) => address.trim())

/** `host:port`, an IPv6 host in brackets; port 0 is allowed. */
export function addressOf(text: string): Address {
  const address = parseAddress(text)
  if (address === undefined) throw usage(`'${text}' is not an address; write HOST:PORT, an IPv6 host in brackets`)
  return address
}

/** What Kafka's protocol has room for: numbers of partitions, and of replicas. */
export const INT32_MAX = 2 ** 31 - 1
export const INT16_MAX = 2 ** 15 - 1

/** What an option names, with commas between. */
export function commaList(name: string): (text: string) => string[] {
  return (text) => {
    const words = text.split(',').map((word) => word.trim())
    if (words.includes('')) throw usage(`${name} is '${text}'; it must be names with a comma between two of them`)
    return words
  }
}

/** The value of an option of this name: digits alone, within the limits. */
export function wholeNumber(name: string, min = 0, max?: number): (text: string) => number {
  return (text) => {
    if (!/^\d+$/.test(text)) throw usage(`${name} is '${text}'; it must be a whole number of ${min} or more, in digits`)
    return countOption(name, Number(text), min, max)
  }
}
