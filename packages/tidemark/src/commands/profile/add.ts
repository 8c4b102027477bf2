import path from 'node:path'
import { readClientProperties } from '@tidemark/client'
import { Command, Option } from 'commander'
import { usage } from '../../exit.ts'
import { certificatesOf, keyOf } from '../../pem.ts'
import { say } from '../../print/print.ts'
import { changeProfiles, type Profile, profilesFile } from '../../profiles.ts'
import { asNamed } from '../../registry.ts'
import { withPassword } from '../../secret.ts'
import { addressesOf, addressOf } from '../../values.ts'
import { checkLogin, type LoginFlags, loginOf, MECHANISMS } from './login.ts'

export const addCommand = (): Command =>
  withPassword(new Command('add'))
    .argument('<NAME>')
    .requiredOption('-b, --brokers <HOST:PORT,…>', 'brokers of the cluster')
    .option('--command-config <FILE>', "Java's client.properties: the file is read at each use")
    .option('--tls', 'connect with TLS')
    .option('--ca <FILE>', 'certificates that are trusted, as PEM (implies --tls)')
    .option('--cert <FILE>', 'certificate of this client and its private key, both in one file, as PEM (implies --tls)')
    .addOption(new Option('--sasl <MECHANISM>', 'how to authenticate').choices(MECHANISMS))
    .option('--username <USER>', 'who to authenticate as')
    .option('--oauth-token-endpoint <URL>', 'where --sasl oauthbearer gets its tokens, with the credentials of the client')
    .option('--oauth-client-id <ID>', 'id of the client there')
    .option('--oauth-client-secret-file <FILE>', 'file with the secret of that client (default: as a password)')
    .option('--oauth-scope <SCOPE>', 'the scope of the tokens')
    .option('--registry <URL>', 'schema registry of the cluster, to decode records with')
    .option('--protected', 'ask for the name of what is to be moved or deleted')
    .option('--read-only', 'refuse every command that changes anything')
    .addHelpText('after', HELP)
    .action(add)

const HELP = `
The password is asked for at the terminal, read from stdin with --password-stdin, or
taken from TIDEMARK_PASSWORD; it is kept in the file of profiles, which only you can read.
The secret of --oauth-client-id is taken and kept in the same way, or read from
--oauth-client-secret-file once.

Examples:
  tidemark profile add local -b 127.0.0.1:9092
  tidemark profile add staging -b kafka:9093 --ca ca.pem --sasl scram-sha-512 --username app
  tidemark profile add cloud -b kafka:9093 --tls --sasl oauthbearer --oauth-token-endpoint https://id.example.org/token --oauth-client-id app
  tidemark profile add staging -b kafka:9093 --ca ca.pem --cert app.pem
  tidemark profile add production -b kafka:9092 --protected
  tidemark profile add local -b 127.0.0.1:9092 --registry http://127.0.0.1:8081
  tidemark profile add cloud -b pkc-1.eu.confluent.cloud:9092 --command-config cloud.properties`

interface AddOptions extends LoginFlags {
  readonly brokers: string
  readonly commandConfig?: string
  readonly tls?: boolean
  readonly ca?: string
  readonly cert?: string
  readonly registry?: string
  readonly protected?: boolean
  readonly readOnly?: boolean
}

async function add(name: string, options: AddOptions): Promise<void> {
  const profile: Profile = {
    ...(await profileOf(options)),
    ...(options.registry !== undefined && { schemaRegistry: options.registry }),
    ...(options.protected && { protected: true }),
    ...(options.readOnly && { readOnly: true }),
  }
  // What cannot be used is not kept.
  if (profile.schemaRegistry !== undefined) {
    const { createSchemaRegistry } = await import('@tidemark/offsets')
    asNamed('--registry', 'url', () => createSchemaRegistry({ url: profile.schemaRegistry! }))
  }
  if (profile.commandConfig !== undefined) readClientProperties(profile.commandConfig)
  await changeProfiles((known) => ({ current: name, ...known, profiles: { ...known.profiles, [name]: profile } }))
  say(`added profile ${name} to ${profilesFile()}`)
}

async function profileOf(options: AddOptions): Promise<Profile> {
  const { commandConfig, ca, cert, sasl } = options
  checkLogin(options)
  const brokers = addressesOf(options.brokers)
  brokers.forEach(addressOf)
  const hasTls = options.tls || ca !== undefined || cert !== undefined
  if (commandConfig !== undefined) {
    if (hasTls || sasl !== undefined) throw usage('--command-config says all of TLS and SASL: leave out --tls, --ca, --cert and --sasl')
    return { brokers, commandConfig: path.resolve(commandConfig) }
  }
  if (!hasTls && sasl === undefined) return { brokers }
  const properties: Record<string, string> = { 'security.protocol': sasl === undefined ? 'SSL' : hasTls ? 'SASL_SSL' : 'SASL_PLAINTEXT' }
  if (ca !== undefined) {
    certificatesOf('--ca', ca)
    Object.assign(properties, { 'ssl.truststore.type': 'PEM', 'ssl.truststore.location': path.resolve(ca) })
  }
  if (cert !== undefined) {
    keyOf('--cert', cert, { file: cert, text: certificatesOf('--cert', cert) })
    Object.assign(properties, { 'ssl.keystore.type': 'PEM', 'ssl.keystore.location': path.resolve(cert) })
  }
  if (sasl !== undefined) Object.assign(properties, await loginOf({ ...options, sasl }))
  return { brokers, properties }
}
