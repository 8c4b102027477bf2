/** How a profile authenticates, as Kafka's properties say it. */
import { oidc } from '@tidemark/client'
import { usage } from '../../exit.ts'
import { bytesOfFile } from '../../input.ts'
import { asNamed } from '../../registry.ts'
import { passwordOf } from '../../secret.ts'

export interface LoginFlags {
  readonly sasl?: string
  readonly username?: string
  readonly oauthTokenEndpoint?: string
  readonly oauthClientId?: string
  readonly oauthClientSecretFile?: string
  readonly oauthScope?: string
  readonly passwordStdin?: boolean
}

const KAFKA_SECURITY = 'org.apache.kafka.common.security'
const LOGIN_MODULES = {
  plain: `${KAFKA_SECURITY}.plain.PlainLoginModule`,
  'scram-sha-256': `${KAFKA_SECURITY}.scram.ScramLoginModule`,
  'scram-sha-512': `${KAFKA_SECURITY}.scram.ScramLoginModule`,
  oauthbearer: `${KAFKA_SECURITY}.oauthbearer.OAuthBearerLoginModule`,
}
export const MECHANISMS = Object.keys(LOGIN_MODULES)

/** Throws `TidemarkError` USAGE for flags that do not go together. */
export function checkLogin(flags: LoginFlags): void {
  const { sasl, username, oauthTokenEndpoint, oauthClientId, oauthClientSecretFile, oauthScope } = flags
  const oauth = [oauthTokenEndpoint, oauthClientId, oauthClientSecretFile, oauthScope]
  if (sasl === 'oauthbearer') {
    if (username !== undefined) throw usage('--sasl oauthbearer has no --username: name --oauth-client-id')
    if (oauthTokenEndpoint === undefined || oauthClientId === undefined)
      throw usage('--sasl oauthbearer needs --oauth-token-endpoint and --oauth-client-id')
    return
  }
  if (oauth.some((flag) => flag !== undefined)) throw usage('--oauth-token-endpoint and the others belong to --sasl oauthbearer')
  if ((sasl === undefined) !== (username === undefined)) throw usage('--sasl and --username belong together')
}

/** Of flags that go together. */
export async function loginOf(flags: LoginFlags & { readonly sasl: string }): Promise<Record<string, string>> {
  const { sasl, username } = flags
  if (sasl === 'oauthbearer') return tokensOf(flags as LoginFlags & { oauthTokenEndpoint: string; oauthClientId: string })
  return login(sasl, { username: username!, password: await passwordOf(`password of ${username}`, flags) })
}

async function tokensOf(
  flags: LoginFlags & { readonly oauthTokenEndpoint: string; readonly oauthClientId: string },
): Promise<Record<string, string>> {
  const { oauthTokenEndpoint: tokenEndpoint, oauthClientId: clientId, oauthClientSecretFile: file, oauthScope: scope } = flags
  // What cannot be used is not kept, and nobody is asked for its secret.
  asNamed('--oauth-token-endpoint', 'tokenEndpoint', () => oidc({ tokenEndpoint, clientId, clientSecret: 'any' }))
  const clientSecret = file === undefined ? await passwordOf(`secret of ${clientId}`, flags) : secretIn(file)
  return {
    ...login('oauthbearer', { clientId, clientSecret, ...(scope !== undefined && { scope }) }),
    'sasl.oauthbearer.token.endpoint.url': tokenEndpoint,
  }
}

function secretIn(file: string): string {
  const secret = bytesOfFile('--oauth-client-secret-file', file)
    .toString()
    .replace(/\r?\n$/, '')
  if (secret === '') throw usage(`--oauth-client-secret-file names ${file}, which is empty`)
  return secret
}

function login(mechanism: string, options: Readonly<Record<string, string>>): Record<string, string> {
  const quoted = (text: string): string => `"${text.replaceAll(/["\\]/g, '\\$&')}"`
  const named = Object.entries(options).map(([name, value]) => `${name}=${quoted(value)}`)
  return {
    'sasl.mechanism': mechanism.toUpperCase(),
    'sasl.jaas.config': `${LOGIN_MODULES[mechanism as keyof typeof LOGIN_MODULES]} required ${named.join(' ')};`,
  }
}
