/** `tidemark user VERB`, loaded when it is named. */
import { lazyNoun } from '../lazy.ts'

export const userCommand = lazyNoun('user', [
  {
    name: 'list',
    description: 'Lists the users that the cluster keeps for SCRAM; those that a broker was started with are not among them.',
    load: async () => (await import('./user/list.ts')).listCommand(),
  },
  {
    name: 'add',
    description: 'Adds a user, or changes its password.',
    load: async () => (await import('./user/add.ts')).addCommand(),
  },
  {
    name: 'remove',
    description: 'Removes a user. Connections that it has live on.',
    load: async () => (await import('./user/remove.ts')).removeCommand(),
  },
])
