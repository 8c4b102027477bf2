/** Who may connect to the broker of `tidemark up`, and what they may do there. */
import type { ListenerChoice, StartOptions } from '@tidemark/broker'
import { TidemarkError } from '@tidemark/platform'
import { type Command, Option } from 'commander'
import { usage } from '../exit.ts'
import { bytesOfFile } from '../input.ts'
import { certificatesOf, keyOf } from '../pem.ts'
import { collect } from './config-changes.ts'
import { collectPrincipals } from './principals.ts'
import { type OAuthFlags, oauthOf, withOAuth } from './up-oauth.ts'

export interface SecurityOptions extends OAuthFlags {
  readonly tlsCert?: string
  readonly tlsKey?: string
  readonly tlsCa?: string
  readonly tlsClientAuth?: 'none' | 'requested' | 'required'
  readonly sasl?: readonly Mechanism[]
  readonly user?: readonly string[]
  readonly userFile?: string
  readonly superUser?: readonly string[]
  readonly aclFile?: string
}

type Mechanism = 'plain' | 'scram-sha-256' | 'scram-sha-512' | 'oauthbearer'
const MECHANISMS: readonly Mechanism[] = ['plain', 'scram-sha-256', 'scram-sha-512', 'oauthbearer']

export const withSecurity = (command: Command): Command =>
  withOAuth(withTlsAndSasl(command))
    .option(
      '--super-user <PRINCIPAL>',
      'ACLs are on, and this one may do anything: User:NAME; may be given more than once',
      collectPrincipals,
    )
    .option('--acl-file <FILE>', 'ACLs are on; these are made when the broker starts, beside those it has')

const withTlsAndSasl = (command: Command): Command =>
  command
    .option('--tls-cert <FILE>', "the broker's certificate and its chain, as PEM: clients connect with TLS")
    .option('--tls-key <FILE>', 'its private key, as PEM')
    .option('--tls-ca <FILE>', 'what certificates of clients must be signed by, as PEM')
    .addOption(new Option('--tls-client-auth <WHETHER>', 'whether clients show a certificate').choices(['none', 'requested', 'required']))
    .option('--sasl <MECHANISM,…>', `clients authenticate: ${MECHANISMS.join(', ')}`, mechanismsOf)
    .option('--user <NAME:PASSWORD>', 'a user for --sasl, for everyone on this machine to see; may be given more than once', collect)
    .option('--user-file <FILE>', 'users for --sasl: NAME:PASSWORD, one a line')

function mechanismsOf(text: string): Mechanism[] {
  return text.split(',').map((part) => {
    const mechanism = part.trim().toLowerCase() as Mechanism
    if (MECHANISMS.includes(mechanism)) return mechanism
    throw usage(`'${part}' is not a mechanism of --sasl; it may be ${MECHANISMS.join(', ')}`)
  })
}

export interface Security {
  readonly listener: Pick<ListenerChoice, 'protocol' | 'tls' | 'sasl'>
  readonly broker: Pick<StartOptions, 'users' | 'authorizer' | 'oauth'>
  /** Whether everyone may do everything: the broker does not ask who its clients are. */
  readonly isOpen: boolean
  /** In words, for the person who starts it. */
  readonly summary: string
}

/** Reads the files; a usage error for one that cannot be read, and for options that do not go together. */
export async function securityOf(options: SecurityOptions): Promise<Security> {
  const { sasl, superUser, aclFile } = options
  const tls = tlsOf(options)
  const users = usersOf(options)
  if (sasl === undefined && Object.keys(users).length > 0) throw usage('--user and --user-file need --sasl')
  const oauth = oauthOf(options, sasl?.includes('oauthbearer') === true)
  const hasAcls = superUser !== undefined || aclFile !== undefined
  const clientAuth = tls?.clientAuth ?? 'none'
  // With ACLs for those who show a certificate, the others may not do everything.
  const isOpen = sasl === undefined && clientAuth !== 'required' && !hasAcls
  if (hasAcls && sasl === undefined && clientAuth === 'none')
    throw usage('ACLs need to know who clients are: add --sasl, or --tls-ca for their certificates')
  return {
    listener: {
      protocol: tls ? (sasl ? 'sasl_tls' : 'tls') : sasl ? 'sasl_plaintext' : 'plaintext',
      ...(tls && { tls }),
      ...(sasl && { sasl }),
    },
    broker: {
      users,
      ...(oauth !== undefined && { oauth }),
      ...(hasAcls && { authorizer: { superUsers: superUser ?? [], ...(aclFile !== undefined && { acls: await aclsOf(aclFile) }) } }),
    },
    isOpen,
    summary: summaryOf(options, hasAcls),
  }
}

/** The certificates alone. Undefined: without TLS. */
export function tlsOf(options: SecurityOptions): ListenerChoice['tls'] {
  const { tlsCert, tlsKey, tlsCa, tlsClientAuth = tlsCa === undefined ? 'none' : 'required' } = options
  if ((tlsCert === undefined) !== (tlsKey === undefined)) throw usage('--tls-cert and --tls-key belong together')
  if (tlsCert === undefined && (tlsCa !== undefined || tlsClientAuth !== 'none'))
    throw usage('--tls-ca and --tls-client-auth need --tls-cert and --tls-key')
  if (tlsClientAuth !== 'none' && tlsCa === undefined) throw usage(`--tls-client-auth ${tlsClientAuth} needs --tls-ca`)
  if (tlsCert === undefined) return undefined
  const cert = certificatesOf('--tls-cert', tlsCert)
  return {
    cert,
    key: keyOf('--tls-key', tlsKey!, { file: tlsCert, text: cert }),
    ...(tlsCa !== undefined && { ca: certificatesOf('--tls-ca', tlsCa) }),
    clientAuth: tlsClientAuth,
  }
}

function summaryOf(options: SecurityOptions, hasAcls: boolean): string {
  const { tlsCert, tlsCa, sasl } = options
  const parts = [
    tlsCert === undefined ? 'no TLS' : tlsCa === undefined ? 'TLS' : 'TLS with certificates of clients',
    sasl === undefined ? 'no SASL' : `SASL by ${sasl.join(', ')}${options.oauthUnsigned ? ', with tokens that need no signature' : ''}`,
    hasAcls ? 'ACLs' : 'no ACLs',
  ]
  return parts.join('; ')
}

function usersOf({ user = [], userFile }: SecurityOptions): Record<string, string> {
  const lines = userFile === undefined ? [] : bytesOfFile('--user-file', userFile).toString().split(/\r?\n/)
  const inFile = lines.flatMap((line, i) => (/^\s*(?:#|$)/.test(line) ? [] : [{ text: line, where: `line ${i + 1} of ${userFile}` }]))
  const users: Record<string, string> = Object.create(null)
  for (const { text, where } of [...inFile, ...user.map((text, i) => ({ text, where: `--user number ${i + 1}` }))]) {
    const at = text.indexOf(':')
    // What may be a password is not shown.
    if (at < 1 || at === text.length - 1) throw usage(`${where} is not NAME:PASSWORD`)
    users[text.slice(0, at)] = text.slice(at + 1)
  }
  return { ...users }
}

type Acls = NonNullable<NonNullable<StartOptions['authorizer']>['acls']>

/** The broker names its own options: here their user typed others. */
export function asTyped(error: unknown, { aclFile }: SecurityOptions): unknown {
  if (!(error instanceof TidemarkError)) return error
  const acl = /option 'authorizer\.acls\[(\d+)\]/.exec(error.message)
  if (acl !== null)
    return usage(
      `entry ${Number(acl[1]) + 1} of ${aclFile}: ${error.message.replace(/authorizer\.acls\[\d+\]\.?/, '').replace("option ''", 'it')}`,
    )
  return error
}

/** The words of each ACL are checked by the broker. */
async function aclsOf(file: string): Promise<Acls> {
  const { parse } = await import('yaml')
  const text = bytesOfFile('--acl-file', file).toString()
  let found: unknown
  try {
    found = parse(text)
  } catch (cause) {
    throw usage(`--acl-file ${file} is neither YAML nor JSON: ${(cause as Error).message.split('\n')[0]}`)
  }
  if (!Array.isArray(found)) throw usage(`--acl-file ${file} must be a list of ACLs, as tidemark acl list -o json prints it`)
  return found as Acls
}
