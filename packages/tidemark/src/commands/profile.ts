/** `tidemark profile VERB`, loaded when it is named. */
import { lazyNoun } from '../lazy.ts'

export const profileCommand = lazyNoun('profile', [
  {
    name: 'add',
    description: 'Adds a profile, or replaces the one of this name.',
    load: async () => (await import('./profile/add.ts')).addCommand(),
  },
  {
    name: 'list',
    description: 'Lists the profiles; the one in use is marked.',
    load: async () => (await import('./profile/list.ts')).listCommand(),
  },
  {
    name: 'use',
    description: 'Makes a profile the one that commands use.',
    load: async () => (await import('./profile/use-remove.ts')).useCommand(),
  },
  {
    name: 'remove',
    description: 'Removes a profile.',
    load: async () => (await import('./profile/use-remove.ts')).removeCommand(),
  },
])
