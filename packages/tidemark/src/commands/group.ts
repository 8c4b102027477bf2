/** `tidemark group VERB`, loaded when it is named. */
import { lazyNoun } from '../lazy.ts'

export const groupCommand = lazyNoun('group', [
  {
    name: 'list',
    description: 'Lists the groups of the cluster.',
    load: async () => (await import('./group/list.ts')).listCommand(),
  },
  {
    name: 'describe',
    description: 'Shows the committed offset, the lag and the owner of each partition of a group.',
    load: async () => (await import('./group/describe.ts')).describeCommand(),
  },
  {
    name: 'delete',
    description: 'Deletes a group without members, with all that it has committed. offsets undo brings it back.',
    load: async () => (await import('./group/delete.ts')).deleteCommand(),
  },
])
