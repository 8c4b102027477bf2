import { createContext, useContext } from 'react'
import type { ConsoleInfo } from '../../../src/shapes.ts'

export const InfoContext = createContext<ConsoleInfo | undefined>(undefined)
export const useInfo = (): ConsoleInfo | undefined => useContext(InfoContext)

const USUAL = '-b 127.0.0.1:9092'

/** ` -b …` or ` --profile …` where a command needs it. */
export const clusterFlags = (info: ConsoleInfo | undefined): string =>
  info === undefined || info.commandFlags === USUAL ? '' : ` ${info.commandFlags}`
