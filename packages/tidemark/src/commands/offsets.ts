/** `tidemark offsets VERB`: a verb a file, loaded when it is named. */
import { lazyNoun } from '../lazy.ts'

export const offsetsCommand = lazyNoun('offsets', [
  {
    name: 'show',
    description: 'Shows what a group has committed, partition by partition.',
    load: async () => (await import('./offsets/show.ts')).showCommand(),
  },
  {
    name: 'log',
    description: 'Prints what groups committed: from where to where, when, and who.',
    load: async () => (await import('./offsets/log.ts')).logCommand(),
  },
  {
    name: 'blame',
    description: 'Shows who set what a group has committed now, partition by partition.',
    load: async () => (await import('./offsets/blame.ts')).blameCommand(),
  },
  {
    name: 'diff',
    description: 'Shows what a group had committed at two times, where they differ.',
    load: async () => (await import('./offsets/diff.ts')).diffCommand(),
  },
  {
    name: 'plan',
    description: 'Shows what a move would do, and writes the plan to a file. It changes nothing.',
    load: async () => (await import('./offsets/plan.ts')).planCommand(),
  },
  {
    name: 'apply',
    description: 'Applies a plan of a file, if nothing changed since it was made.',
    load: async () => (await import('./offsets/apply.ts')).applyCommand(),
  },
  {
    name: 'move',
    description: 'Moves the committed offsets of a group: shows the plan, asks, applies it, and reads it back.',
    load: async () => (await import('./offsets/move.ts')).moveCommand(),
  },
  {
    name: 'undo',
    description: 'Takes back a move that was made from this machine: every offset, leader epoch and metadata as they were.',
    load: async () => (await import('./offsets/undo.ts')).undoCommand(),
  },
  {
    name: 'copy',
    description: 'Puts a group where another one stands, with leader epochs and metadata.',
    load: async () => (await import('./offsets/copy.ts')).copyCommand(),
  },
  {
    name: 'export',
    description: 'Prints what groups have committed, for offsets import or another tool.',
    load: async () => (await import('./offsets/export.ts')).exportCommand(),
  },
  {
    name: 'import',
    description: 'Puts a group where a file says.',
    load: async () => (await import('./offsets/import.ts')).importCommand(),
  },
  {
    name: 'bookmark',
    description: 'Remembers where a group stands, under a name: a target for offsets move.',
    load: async () => (await import('./offsets/bookmark.ts')).bookmarkCommand(),
  },
  {
    name: 'translate',
    description: 'Puts a group on another cluster where it stands on this one, by comparing the records on both sides.',
    load: async () => (await import('./offsets/translate.ts')).translateCommand(),
  },
  {
    name: 'delete',
    description: 'Deletes what a group has committed, for some topics or for all. offsets undo brings it back.',
    load: async () => (await import('./offsets/delete.ts')).deleteCommand(),
  },
])
