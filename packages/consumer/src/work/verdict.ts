/**
 * What a handler has said about its record, for what is wrapped around the handler: how it ended is not all that
 * counts.
 */

interface Saying {
  readonly skipped?: unknown
  readonly deadLettered?: unknown
  readonly isCommitted?: boolean
}

const sayingOf = (context: object): Saying => context

/**
 * The record goes to the dead-letter topic, however its handler ends: it may come back from there, and is to be
 * handled then.
 */
export const becomesDeadLetter = (context: object): boolean =>
  sayingOf(context).deadLettered !== undefined && sayingOf(context).skipped === undefined

/** The record is not tried again, although its handler has failed. */
export function isOverInSpite(context: object): boolean {
  const { skipped, deadLettered, isCommitted } = sayingOf(context)
  return skipped !== undefined || deadLettered !== undefined || isCommitted === true
}
