import { allErrors, type ErrorName } from '@tidemark/protocol'
import { expect, test } from 'vitest'
import { memberOutcome } from './outcome.ts'

const classes: Partial<Record<ErrorName, string>> = {
  UNKNOWN_MEMBER_ID: 'expelled',
  GROUP_ID_NOT_FOUND: 'expelled',
  ILLEGAL_GENERATION: 'stale',
  REBALANCE_IN_PROGRESS: 'rebalancing',
  NOT_COORDINATOR: 'moved',
  COORDINATOR_NOT_AVAILABLE: 'moved',
  UNKNOWN_SERVER_ERROR: 'retry',
}

test.each(allErrors.filter((e) => e.code !== 0).map((e) => [e.name, e.retriable] as const))(
  'a member that is answered %s knows what to do: what is neither named nor retriable is final',
  (name, retriable) => {
    expect(memberOutcome(name)).toBe(classes[name] ?? (retriable ? 'retry' : 'fatal'))
  },
)
