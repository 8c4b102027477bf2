/** What a right is missing for, or what a managed service does not offer: the rest of the page stands without. */
import { TidemarkError } from '@tidemark/client'

export function nullIfHidden(error: unknown): null {
  if (error instanceof TidemarkError && (error.code.endsWith('_AUTHORIZATION_FAILED') || error.code === 'UNSUPPORTED_VERSION')) return null
  throw error
}
