/** The identity of a plan: SHA-256 of its canonical JSON, names in order and no spaces, without the `id` itself. */
import { sha256 } from '@tidemark/platform'
import type { MovePlan } from './types.ts'

export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((it) => canonicalJson(it)).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value)
    .filter(([, it]) => it !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([name, it]) => `${JSON.stringify(name)}:${canonicalJson(it)}`).join(',')}}`
}

export function planId(plan: Omit<MovePlan, 'id'>): string {
  const { id: _, ...rest } = plan as MovePlan
  return sha256(Buffer.from(canonicalJson(rest))).toString('hex')
}
