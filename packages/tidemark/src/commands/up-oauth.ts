/** Which tokens the broker of `tidemark up` takes: the flags of OAUTHBEARER. */
import type { StartOptions } from '@tidemark/broker'
import type { Command } from 'commander'
import { usage } from '../exit.ts'
import { bytesOfFile } from '../input.ts'
import { commaList } from '../values.ts'

export interface OAuthFlags {
  readonly oauthJwks?: string
  readonly oauthIssuer?: string
  readonly oauthAudience?: readonly string[]
  readonly oauthClaim?: string
  readonly oauthUnsigned?: boolean
}

type OAuth = NonNullable<StartOptions['oauth']>

export const withOAuth = (command: Command): Command =>
  command
    .option('--oauth-jwks <URL|FILE>', 'the keys that tokens of oauthbearer are signed with: where they are published, or a file of them')
    .option('--oauth-issuer <ISSUER>', 'whose tokens are taken: their claim iss')
    .option('--oauth-audience <NAME,…>', 'for whom tokens must be: one of these in their claim aud', commaList('--oauth-audience'))
    .option('--oauth-claim <NAME>', 'the claim that names the user (default: sub)')
    .option('--oauth-unsigned', 'take tokens that nobody has signed too: everyone can be any user, for tests alone')

/** Undefined: the broker takes no tokens. Throws `TidemarkError` USAGE. */
export function oauthOf(flags: OAuthFlags, takesTokens: boolean): OAuth | undefined {
  const { oauthJwks, oauthIssuer, oauthAudience, oauthClaim, oauthUnsigned = false } = flags
  if (!takesTokens) {
    const hasFlag = [oauthJwks, oauthIssuer, oauthAudience, oauthClaim].some((flag) => flag !== undefined) || oauthUnsigned
    if (hasFlag) throw usage('--oauth-jwks and the others say which tokens are taken: add --sasl oauthbearer')
    return undefined
  }
  if (oauthJwks === undefined && !oauthUnsigned)
    throw usage(
      '--sasl oauthbearer needs --oauth-jwks, the keys that tokens are signed with; for tests, --oauth-unsigned takes tokens without',
    )
  return {
    ...(oauthJwks !== undefined && { jwks: keysOf(oauthJwks) }),
    ...(oauthIssuer !== undefined && { issuer: oauthIssuer }),
    ...(oauthAudience !== undefined && { audience: oauthAudience }),
    ...(oauthClaim !== undefined && { principalClaim: oauthClaim }),
    ...(oauthUnsigned && { unsigned: true }),
  }
}

function keysOf(text: string): NonNullable<OAuth['jwks']> {
  if (/^https?:/.test(text)) {
    if (!URL.canParse(text)) throw usage(`--oauth-jwks is '${text}', which is not a valid address`)
    return text
  }
  let found: unknown
  try {
    found = JSON.parse(bytesOfFile('--oauth-jwks', text).toString())
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause
    throw usage(`--oauth-jwks names ${text}, which is not JSON: ${cause.message}`)
  }
  const { keys } = (found ?? {}) as { keys?: unknown }
  if (!Array.isArray(keys) || keys.length === 0 || !keys.every((key) => typeof key === 'object' && key !== null && 'kty' in key))
    throw usage(`--oauth-jwks names ${text}, which is not a JSON Web Key Set: {"keys": [{"kty": …}]}`)
  return { keys }
}
