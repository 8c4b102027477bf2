/** A bug to be planted: text of the real files that is replaced while they are loaded. Nothing is written. */
export interface Plant {
  readonly name: string
  /** The seed that found it first: the test begins there. Draws that change may need another one. */
  readonly seed: number
  /** The bug shows in runs of crashes and faults alone. */
  readonly isPlain?: boolean
  /**
   * The broker is so many nodes. Default: one, in which the bugs of everything else show as soon as they did without
   * nodes.
   */
  readonly nodes?: number
  readonly changes: readonly Change[]
}

export interface Change {
  /** Under `packages/`. */
  readonly file: string
  /** Is in the file once. */
  readonly find: string
  readonly replace: string
}
