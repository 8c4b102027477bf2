import type { Finding } from '@tidemark/offsets'
import { Shared } from '../live/shared.ts'
import type { FindingCounts } from '../shapes.ts'
import { limitsOf, type Route } from './route.ts'
import { groupName, object } from './schemas.ts'

/** The worst so many are told; those beyond are counted. */
const FINDINGS_MAX = 1_000

/** Beside the list of groups they may be a little old. */
const COUNTS_HOLD_MS = 120_000

/** What is wrong with the offsets of one group, or of all. */
export const doctor: Route = (app, { data, clock }) => {
  const querystring = object({ group: groupName })
  app.get<{ Querystring: { group?: string } }>('/api/doctor', { schema: { querystring } }, async (request, reply) => {
    const findings = await data.examine(request.query.group, limitsOf(reply))
    return { findings: findings.slice(0, FINDINGS_MAX), left: Math.max(0, findings.length - FINDINGS_MAX) }
  })

  const counts = new Shared(clock, COUNTS_HOLD_MS, async () => countsOf(await data.examine(undefined, {})))
  app.get('/api/doctor/counts', async () => counts.get())
}

/** By group, of those that have any. */
function countsOf(findings: readonly Finding[]): Readonly<Record<string, FindingCounts>> {
  const counts = new Map<string, { errors: number; warnings: number }>()
  for (const { group, severity } of findings) {
    if (group === null || severity === 'notice') continue
    const own = counts.get(group) ?? { errors: 0, warnings: 0 }
    if (severity === 'error') own.errors++
    else own.warnings++
    counts.set(group, own)
  }
  // A group may be called __proto__.
  return Object.assign(Object.create(null), Object.fromEntries(counts))
}
