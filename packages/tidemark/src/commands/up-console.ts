/** The console in the process of the broker, and how it reaches it. */
import type { Broker, ListenerChoice, StartOptions } from '@tidemark/broker'
import { createKafka } from '@tidemark/client'
import type { SchemaRegistry } from '@tidemark/offsets'
import { secretBytes } from '@tidemark/platform'
import { usage } from '../exit.ts'
import { type OpenConsole, openConsole } from './console.ts'
import type { Security, SecurityOptions } from './up-security.ts'

export { registryOf } from '../registry.ts'

/** Who the console is to a secured broker. */
const CONSOLE_USER = 'tidemark-console'
const LISTENER = 'CONSOLE'
const PASSWORD_BYTES = 24

/**
 * The console of a secured broker has a listener of its own on loopback, whose only user it is, and a password that is
 * made anew at each start and is in this process alone: nothing else on the machine gets in that way, and ACLs hold for
 * the console as for every client.
 */
export interface ConsoleAccess {
  readonly listener: ListenerChoice
  readonly password: string
}

/** Undefined: the broker takes everyone, the console too. */
export function consoleAccess({ tlsCert, sasl }: SecurityOptions, { users }: Security['broker']): ConsoleAccess | undefined {
  if (users !== undefined && Object.hasOwn(users, CONSOLE_USER))
    throw usage(`'${CONSOLE_USER}' is the user that the console of --console is: give yours another name`)
  if (tlsCert === undefined && sasl === undefined) return undefined
  const password = secretBytes(PASSWORD_BYTES).toString('base64url')
  return {
    listener: {
      name: LISTENER,
      listen: { host: '127.0.0.1', port: 0 },
      protocol: 'sasl_plaintext',
      sasl: ['scram-sha-512'],
      users: { [CONSOLE_USER]: password },
    },
    password,
  }
}

interface ConsoleWish {
  readonly listen: string
  /** Where clients find the broker. */
  readonly addresses: readonly string[]
  readonly registry: SchemaRegistry | undefined
  readonly access: ConsoleAccess | undefined
  /** Whether the broker asks nobody who they are: else the page asks for a token, on loopback too. */
  readonly isOpen: boolean
}

/** Closes the broker if the console cannot be opened. */
export async function consoleOf(broker: Broker, { listen, addresses, registry, access, isOpen }: ConsoleWish): Promise<OpenConsole> {
  const kafka = createKafka({ clientId: 'tidemark-console', ...clusterOf(broker, access) })
  const clusterName = addresses.join(',')
  try {
    const opened = await openConsole(kafka, listen, {
      ...(registry !== undefined && { registry }),
      // The page shows commands of people, who come in at the listener for clients with credentials of their own.
      ...(access !== undefined && { clusterName, commandFlags: `-b ${clusterName} --command-config client.properties` }),
      needsToken: !isOpen,
    })
    return {
      ...opened,
      async [Symbol.asyncDispose]() {
        await opened.close()
        await kafka.close()
      },
    }
  } catch (error) {
    await Promise.all([kafka.close(), broker.close()])
    throw error
  }
}

function clusterOf({ brokers, listeners }: Broker, access: ConsoleAccess | undefined): Parameters<typeof createKafka>[0] {
  if (access === undefined) return { brokers }
  const sasl = { mechanism: 'scram-sha-512', username: CONSOLE_USER, password: access.password } as const
  return { brokers: [listeners[LISTENER]!], sasl }
}

export function aclsOfConsole({ superUsers = [] }: NonNullable<StartOptions['authorizer']>): string {
  const principal = `User:${CONSOLE_USER}`
  const hint = superUsers.includes(principal) ? '' : `; to let it see and move everything: --super-user ${principal}`
  return `ACLs hold for the console too: it is ${principal}${hint}`
}
