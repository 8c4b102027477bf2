/** `tidemark topic VERB`, loaded when it is named. */
import { lazyNoun } from '../lazy.ts'

export const topicCommand = lazyNoun('topic', [
  {
    name: 'list',
    description: 'Lists the topics of the cluster.',
    load: async () => (await import('./topic/list-create.ts')).listCommand(),
  },
  {
    name: 'create',
    description: 'Creates a topic.',
    load: async () => (await import('./topic/list-create.ts')).createCommand(),
  },
  {
    name: 'describe',
    description: 'Shows the partitions of a topic, and what differs from the defaults in its configuration.',
    load: async () => (await import('./topic/change.ts')).describeCommand(),
  },
  {
    name: 'alter',
    description: 'Adds partitions to a topic, or changes its configuration.',
    load: async () => (await import('./topic/change.ts')).alterCommand(),
  },
  {
    name: 'delete',
    description: 'Deletes a topic with all its records. It cannot be undone.',
    load: async () => (await import('./topic/change.ts')).deleteCommand(),
  },
  {
    name: 'trim',
    description: 'Deletes the oldest records of a topic. It cannot be undone.',
    load: async () => (await import('./topic/change.ts')).trimCommand(),
  },
])
