import { createContext, useContext } from 'react'
import type { ConsoleInfo } from '../../../src/shapes.ts'

export const InfoContext = createContext<ConsoleInfo | undefined>(undefined)
export const useInfo = (): ConsoleInfo | undefined => useContext(InfoContext)

/** ` -b …` where a command needs it. */
export function brokersFlag(info: ConsoleInfo | undefined): string {
  return info === undefined || info.brokers.join() === '127.0.0.1:9092' ? '' : ` -b ${info.brokers.join(',')}`
}

/** A name as a shell takes it. */
export const shellWord = (name: string): string =>
  /^[\w.,:@/+-]+$/.test(name) && !name.startsWith('-') ? name : `'${name.replaceAll("'", "'\\''")}'`
