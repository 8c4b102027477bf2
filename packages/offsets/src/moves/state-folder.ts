/** Where the user's state is kept: `$XDG_STATE_HOME/tidemark`, by default `~/.local/state/tidemark`. */
import { homedir } from 'node:os'

export const stateFolder = (name: string): string => `${process.env.XDG_STATE_HOME || `${homedir()}/.local/state`}/tidemark/${name}`
