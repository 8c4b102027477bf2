/** `tidemark acl VERB`, loaded when it is named. */
import { lazyNoun } from '../lazy.ts'

export const aclCommand = lazyNoun('acl', [
  {
    name: 'list',
    description: 'Lists ACLs; those that speak of a resource, if one is named.',
    load: async () => (await import('./acl/list.ts')).listCommand(),
  },
  {
    name: 'add',
    description: 'Allows or denies a principal operations on resources.',
    load: async () => (await import('./acl/add.ts')).addCommand(),
  },
  {
    name: 'remove',
    description: 'Removes ACLs: all that match what is named.',
    load: async () => (await import('./acl/remove.ts')).removeCommand(),
  },
])
