import { networkInterfaces } from 'node:os'
import { startBroker } from '@tidemark/broker'
import { type Address, counted, formatAddress, isLoopback, isWildcard } from '@tidemark/platform'
import { Command, Option } from 'commander'
import { usage } from '../exit.ts'
import { interrupts } from '../interrupts.ts'
import { printNotables } from '../print/broker-log.ts'
import { write } from '../print/output.ts'
import { beQuiet, say } from '../print/print.ts'
import { addressOf, commaList, wholeNumber } from '../values.ts'
import { REGISTRY_VARIABLE } from '../variables.ts'
import { followCertificates, stampOf } from './up-certificates.ts'
import { asTyped, type Security, type SecurityOptions, securityOf, withSecurity } from './up-security.ts'

interface UpOptions extends SecurityOptions {
  readonly listen: string
  readonly advertise?: string
  readonly nodes: number
  readonly racks?: readonly string[]
  readonly replicaSelector: 'leader' | 'rack-aware'
  readonly data?: string
  readonly memory?: boolean
  readonly fsync: 'never' | 'interval' | 'always'
  readonly autoCreate: boolean
  readonly console?: string
  readonly registry?: string
  readonly untilStdinEnds?: boolean
  readonly quiet?: boolean
}

/** The one that the broker has. */
const LISTENER = 'CLIENTS'
/** The folder of the data unless one is named. */
const DATA = './tidemark-data'

export function upCommand(): Command {
  const command = new Command('up')
    .option('--listen <HOST:PORT>', 'address to listen on; port 0 takes a free one', once('--listen'), '127.0.0.1:9092')
    .option('--advertise <HOST[:PORT]>', 'address that clients are told to connect to (default: the one they connected to)')
    .option(
      '--nodes <N>',
      'number of nodes that the process is, each with an address of its own: the ports after that of --listen',
      wholeNumber('--nodes', 1, 64),
      1,
    )
    .option('--racks <A,B,…>', 'rack of each node, as many as --nodes; replicas are spread over them', commaList('--racks'))
    .addOption(
      new Option('--replica-selector <WHICH>', 'which replica clients with a rack read from')
        .choices(['leader', 'rack-aware'])
        .default('leader'),
    )
    .option('--data <DIR>', `folder of the data (default: ${DATA})`)
    .option('--memory', 'keep everything in memory: nothing outlives the process')
    .addOption(new Option('--fsync <WHEN>', 'when writes are forced to disk').choices(['never', 'interval', 'always']).default('interval'))
    .option('--no-auto-create', 'do not create a topic that a client asks for')
    .option('--console <HOST:PORT>', 'serve the console in the browser there, as tidemark console does')
    .option('--registry <URL>', `schema registry that the console decodes records with (default: ${REGISTRY_VARIABLE})`)
  return withSecurity(command)
    .option('--until-stdin-ends', 'stop when stdin ends: for a program that starts a broker and must not leave it behind')
    .option('-q, --quiet', 'print nothing on stderr but errors')
    .addHelpText('after', HELP)
    .action(up)
}

const HELP = `
The address for clients is the one line on stdout. Without --sasl, and without
--tls-client-auth required, everyone who reaches the address can read and write
everything: listen on loopback, or on a network that you trust.

The files of certificates are read again when they change.

With --tls-cert or --sasl the console reaches the broker by a listener of its own
on loopback, as User:tidemark-console, with a password that is in this process alone.
ACLs hold for it: --super-user User:tidemark-console lets it see and move everything.
Where clients have to authenticate, its address has a token, on loopback too.

Tokens of --sasl oauthbearer are JSON Web Tokens that are signed with a key of
--oauth-jwks. Name --oauth-issuer and --oauth-audience too: without them a token that
the same issuer gave for another service is taken.

A file of ACLs is YAML or JSON, as tidemark acl list -o json prints it:
  - { principal: User:app, operation: read, resource: topic, name: orders }

Examples:
  tidemark up                                  data in ${DATA}
  tidemark up --memory --listen 127.0.0.1:0    a free port, nothing on disk
  tidemark up --console 127.0.0.1:8080         with the console in the browser
  tidemark up --console 127.0.0.1:8080 --registry http://127.0.0.1:8081
  tidemark up --listen 0.0.0.0:9092 --advertise kafka.example.org
  tidemark up --nodes 3                        three nodes, for topics with replicas
  tidemark up --nodes 3 --racks a,b,c          each in a rack of its own
  tidemark up --tls-cert broker.pem --tls-key broker.key --sasl scram-sha-512 --user-file users.txt
  tidemark up --sasl oauthbearer --oauth-jwks https://id.example.org/jwks --oauth-issuer https://id.example.org --oauth-audience kafka
  tidemark up --sasl plain --user admin:secret --super-user User:admin --acl-file acls.yaml
  tidemark up --sasl plain --user-file users.txt --console 127.0.0.1:8080`

/** One listener is all the broker has: a second one is not dropped silently. */
function once(option: string): (text: string, previous: string) => string {
  let isGiven = false
  return (text) => {
    if (isGiven) throw usage(`${option} was given twice; the broker listens on one address`)
    isGiven = true
    return text
  }
}

async function up(options: UpOptions): Promise<void> {
  if (options.quiet) beQuiet()
  if (options.racks !== undefined && options.racks.length !== options.nodes)
    throw usage(
      `--racks names ${counted(options.racks.length, 'rack')}; it must name one for each of the ${counted(options.nodes, 'node')} of --nodes`,
    )
  if (options.memory && options.data !== undefined) throw usage('--memory and --data exclude each other')
  const listen = addressOf(options.listen)
  if (options.console !== undefined) addressOf(options.console)
  else if (options.registry !== undefined) throw usage('--registry is of the console: add --console HOST:PORT')
  // Of no profile: the broker is this one.
  const forConsole = options.console === undefined ? undefined : await import('./up-console.ts')
  const registry = await forConsole?.registryOf({ brokers: options.listen, ...options })
  const stamp = stampOf(options)
  const security = await securityOf(options)
  const access = forConsole?.consoleAccess(options, security.broker)
  const { signal } = interrupts({ isUsualEnd: true })
  const stopPrinting = printNotables()
  const started = startBroker({
    data: options.memory ? ':memory:' : (options.data ?? DATA),
    listeners: [
      { name: LISTENER, listen, ...(options.advertise !== undefined && { advertise: options.advertise }), ...security.listener },
      ...(access === undefined ? [] : [access.listener]),
    ],
    ...security.broker,
    nodes: options.nodes,
    ...(options.racks !== undefined && { racks: options.racks }),
    replicaSelector: options.replicaSelector,
    fsync: options.fsync,
    autoCreateTopics: options.autoCreate,
  })
  const broker = await started.catch((error) => {
    throw asTyped(error, options)
  })
  const stop = (): void => void broker.close()
  if (signal.aborted) stop()
  signal.addEventListener('abort', stop, { once: true })
  if (options.untilStdinEnds) process.stdin.on('end', stop).on('error', stop).resume()
  const addresses = broker.nodes.map(({ listeners }) => listeners[LISTENER]!)
  await announce(addresses, { host: listen.host, port: broker.port }, options, security)
  const { isOpen } = security
  await using opened = await forConsole?.consoleOf(broker, { listen: options.console!, addresses, registry, access, isOpen })
  if (access !== undefined && security.broker.authorizer != null) say(forConsole!.aclsOfConsole(security.broker.authorizer))
  if (opened !== undefined) say(`the console is at ${opened.address}`)
  const stopFollowing = options.tlsCert === undefined ? undefined : followCertificates(broker, LISTENER, options, stamp)
  await broker.closed
  stopFollowing?.()
  stopPrinting()
  if (options.untilStdinEnds) process.stdin.destroy()
}

async function announce(brokers: readonly string[], listen: Address, options: UpOptions, { isOpen, summary }: Security): Promise<void> {
  // The broker runs on when the reader of its address has gone.
  await write(`${brokers.join(',')}\n`).catch(() => {})
  const isOnAll = isWildcard(listen.host)
  const where = isOnAll ? `all addresses, port ${listen.port} (${localAddresses().join(', ')})` : formatAddress(listen)
  const others = brokers.length === 1 ? '' : `, and ${counted(brokers.length - 1, 'node')} more at ${brokers.slice(1).join(', ')}`
  say(`listening on ${where}${others}; ${options.memory ? 'in memory' : `data in ${options.data ?? DATA}`}; Ctrl-C ends it`)
  if (options.tlsCert !== undefined || options.sasl !== undefined) say(`clients are asked for: ${summary}`)
  if (options.oauthUnsigned) say('warning: --oauth-unsigned: everyone who reaches this address can be any user')
  else if (options.sasl?.includes('oauthbearer') && options.oauthAudience === undefined)
    say('warning: without --oauth-audience a token that was given for another service is taken too')
  if (options.advertise !== undefined) say(`clients are told to connect to ${brokers.join(', ')}`)
  else if (isOnAll) say('each client is told to connect to the address that it has connected to; --advertise names another one')
  if (isOpen && !isLoopback(listen.host))
    say('warning: there is no authentication: everyone who reaches this address can read and write everything')
}

function localAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family }) => family === 'IPv4')
    .map(({ address }) => address)
}
