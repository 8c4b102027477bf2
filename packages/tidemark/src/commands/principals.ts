/** `User:NAME`, as ACLs name who they are about. */
import { usage } from '../exit.ts'

export function principalOf(text: string): string {
  if (!/^[^:]+:./.test(text)) throw usage(`'${text}' is not a principal; write User:${text || 'NAME'}`)
  return text
}

/** An option that may be given more than once. */
export function collectPrincipals(text: string, before: readonly string[] = []): string[] {
  return [...before, principalOf(text)]
}
