/** ACLs: kept in `__cluster_metadata`, looked for, and asked of each request. */
import type { Now } from '@tidemark/platform'
import { ErrorCode } from '@tidemark/protocol'
import type { MetadataLog } from '../metadata/metadata-log.ts'
import { after } from '../now.ts'
import type { AuthorizerOptions } from '../options.ts'
import { DONE, type Outcome, outcomeOf } from '../outcome.ts'
import { type AclFilter, bindingFault, filterFault, matchesFilter } from '../state/acls/bindings.ts'
import { Rights, type Who } from '../state/acls/rights.ts'
import { aclKey } from '../state/cluster/metadata.ts'
import type { Acl } from '../state/cluster/records.ts'
import { aclOf } from './written-acl.ts'

export interface FoundAcls extends Outcome {
  readonly acls: readonly Acl[]
}

/** Kafka has other words for a deletion. */
const disabled = (errorMessage = 'No Authorizer is configured on the broker'): Outcome => ({
  errorCode: ErrorCode.SECURITY_DISABLED,
  errorMessage,
})
type AclRecord = Parameters<MetadataLog['write']>[0][number]

export class Authorizer {
  readonly #metadataLog: MetadataLog
  readonly #options: AuthorizerOptions | null
  /** Made of the ACLs when they were so many changes old. */
  #rights: { readonly version: number; readonly of: Rights } | undefined

  constructor(metadataLog: MetadataLog, options: AuthorizerOptions | null) {
    this.#metadataLog = metadataLog
    this.#options = options
  }

  /** Makes the ACLs of the options that are not there yet. Rejects if they cannot be written. */
  async start(): Promise<void> {
    const wanted = (this.#options?.acls ?? []).map((written, i) => aclOf(`authorizer.acls[${i}]`, written))
    const missing = wanted.filter((acl) => !this.#metadataLog.metadata.acls.has(aclKey(acl)))
    if (missing.length > 0) await this.#metadataLog.write(missing.map((acl) => ({ kind: 'acl', ...acl })))
  }

  /** Whether anybody is ever asked. */
  get isOn(): boolean {
    return this.#options !== null
  }

  allows(who: Who, operation: number, resourceType: number, name: string): boolean {
    return this.#options === null || this.#current().allows(who, operation, resourceType, name)
  }

  allowsAny(who: Who, operation: number, resourceType: number): boolean {
    return this.#options === null || this.#current().allowsAny(who, operation, resourceType)
  }

  #current(): Rights {
    const { metadata } = this.#metadataLog
    if (this.#rights?.version !== metadata.aclsVersion) {
      this.#rights = { version: metadata.aclsVersion, of: new Rights(metadata.acls.values(), this.#options!) }
    }
    return this.#rights.of
  }

  describe(filter: AclFilter): FoundAcls {
    if (!this.isOn) return { ...disabled(), acls: [] }
    const fault = filterFault(filter)
    if (fault !== undefined) return { errorCode: ErrorCode.INVALID_REQUEST, errorMessage: fault, acls: [] }
    return { ...DONE, acls: [...this.#metadataLog.metadata.acls.values()].filter((acl) => matchesFilter(acl, filter)) }
  }

  /** All that are valid at once: an outcome each, in order. */
  create(acls: readonly Acl[]): Now<readonly Outcome[]> {
    if (!this.isOn) return acls.map(() => disabled())
    const faults = acls.map(bindingFault)
    const valid = acls.filter((_, i) => faults[i] === undefined)
    return after(this.#write(valid.map((acl) => ({ kind: 'acl', ...acl }))), (written) =>
      faults.map((fault) => (fault === undefined ? written : { errorCode: ErrorCode.INVALID_REQUEST, errorMessage: fault })),
    )
  }

  /** What each filter found and is deleted, once a crash cannot take it back; two filters may find the same. */
  delete(filters: readonly AclFilter[]): Now<readonly FoundAcls[]> {
    if (!this.isOn) return filters.map(() => ({ ...disabled('No Authorizer is configured.'), acls: [] }))
    const found = filters.map((filter) => this.describe(filter))
    const gone = new Set(found.flatMap(({ acls }) => acls))
    return after(this.#write(Array.from(gone, (acl) => ({ kind: 'removeAcl', ...acl }))), (written) =>
      written.errorCode === ErrorCode.NONE ? found : found.map((it) => (it.acls.length === 0 ? it : { ...written, acls: [] })),
    )
  }

  #write(records: readonly AclRecord[]): Now<Outcome> {
    return records.length === 0 ? DONE : outcomeOf(() => this.#metadataLog.write(records))
  }
}
