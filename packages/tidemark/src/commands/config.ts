/** `tidemark config VERB`, loaded when it is named. */
import { lazyNoun } from '../lazy.ts'

export const configCommand = lazyNoun('config', [
  {
    name: 'list',
    description: 'Lists the resources that have configurations.',
    load: async () => (await import('./config/read.ts')).listCommand(),
  },
  {
    name: 'describe',
    description: "Shows the configuration of a resource: its own values, or all of it. A broker is named by its id, all of them by 'all'.",
    load: async () => (await import('./config/read.ts')).describeCommand(),
  },
  {
    name: 'set',
    description: 'Sets configurations of a resource: NAME=VALUE, NAME+=ITEM, NAME-=ITEM.',
    load: async () => (await import('./config/change.ts')).setCommand(),
  },
  {
    name: 'unset',
    description: 'Puts configurations of a resource back to their defaults.',
    load: async () => (await import('./config/change.ts')).unsetCommand(),
  },
])
