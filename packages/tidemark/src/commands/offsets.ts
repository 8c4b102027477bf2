/** `tidemark offsets VERB`: a verb a file, loaded when it is named. */
import { Command } from 'commander'

const verbs: Readonly<Record<string, () => Promise<Command>>> = {
  show: async () => (await import('./offsets/show.ts')).showCommand(),
  log: async () => (await import('./offsets/log.ts')).logCommand(),
  blame: async () => (await import('./offsets/blame.ts')).blameCommand(),
  diff: async () => (await import('./offsets/diff.ts')).diffCommand(),
  plan: async () => (await import('./offsets/plan.ts')).planCommand(),
  apply: async () => (await import('./offsets/apply.ts')).applyCommand(),
  move: async () => (await import('./offsets/move.ts')).moveCommand(),
  undo: async () => (await import('./offsets/undo.ts')).undoCommand(),
  copy: async () => (await import('./offsets/copy.ts')).copyCommand(),
  export: async () => (await import('./offsets/export.ts')).exportCommand(),
  import: async () => (await import('./offsets/import.ts')).importCommand(),
  bookmark: async () => (await import('./offsets/bookmark.ts')).bookmarkCommand(),
  translate: async () => (await import('./offsets/translate.ts')).translateCommand(),
  delete: async () => (await import('./offsets/delete.ts')).deleteCommand(),
}

/** With the verb that is named on the command line alone, if it is one. */
export async function offsetsCommand(named: string | undefined = process.argv[3]): Promise<Command> {
  const offsets = new Command('offsets').description('Committed offsets of consumer groups: see them, and move them.')
  const loaded = named !== undefined && Object.hasOwn(verbs, named) ? [named] : Object.keys(verbs)
  for (const name of loaded) offsets.addCommand(await verbs[name]!())
  return offsets
}
