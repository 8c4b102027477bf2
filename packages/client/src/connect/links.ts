/**
 * All links, by owner, purpose and address. Closing an owner closes its links; links to addresses that left the
 * cluster are closed when idle.
 */
import { type Address, formatAddress, type TidemarkError } from '@tidemark/platform'
import type { ResolvedKafkaOptions } from '../options.ts'
import { Link } from './link.ts'

export class Links {
  readonly #options: ResolvedKafkaOptions
  readonly #byOwner = new Map<object, Map<string, Link>>()

  constructor(options: ResolvedKafkaOptions) {
    this.#options = options
  }

  get(owner: object, purpose: string, address: Address): Link {
    let links = this.#byOwner.get(owner)
    if (links === undefined) {
      links = new Map()
      this.#byOwner.set(owner, links)
    }
    const key = `${purpose} ${formatAddress(address)}`
    let link = links.get(key)
    if (link === undefined) {
      link = new Link(address, this.#options)
      links.set(key, link)
    }
    return link
  }

  release(owner: object, error: TidemarkError): void {
    const links = this.#byOwner.get(owner)
    this.#byOwner.delete(owner)
    for (const link of links?.values() ?? []) link.close(error)
  }

  /** Closes idle links to addresses other than these. */
  keepOnly(addresses: ReadonlySet<string>, error: TidemarkError): void {
    for (const links of this.#byOwner.values()) {
      for (const [key, link] of links) {
        if (addresses.has(link.where) || !link.idle) continue
        links.delete(key)
        link.close(error)
      }
    }
  }

  close(error: TidemarkError): void {
    for (const owner of [...this.#byOwner.keys()]) this.release(owner, error)
  }
}
