/**
 * What every benchmark is: it knows its rows, and measures one round of them for all of its rivals, in the order it is
 * given.
 */
import { spawnSync } from 'node:child_process'
import type { Samples } from '../samples.ts'
import { REPOSITORY } from '../tools.ts'

export interface Scale {
  /** 1 in a full run; less for a quick look. Counts of records are multiplied by it. */
  readonly factor: number
  /** Our programs from their sources instead of from `dist`. */
  readonly sources: boolean
  /** A built checkout of an earlier version of ours, measured instead of other people's. */
  readonly before?: string
}

/** Whom to measure: ours beside other people's, or beside what it was before. */
export const rivalsOf = <T>(all: readonly T[], ours: readonly T[], { before }: Scale): readonly T[] => (before === undefined ? all : ours)

/** The checkout of ours that goes by that name. */
export const rootOf = (name: string, { before }: { readonly before?: string | undefined }): string =>
  name === 'before' ? before! : REPOSITORY

export interface Round {
  readonly samples: Samples
  readonly scale: Scale
  /** Begins each round with another rival. */
  readonly turn: number
  /** Whether a row was asked for. */
  wants(row: string): boolean
}

export interface Benchmark {
  readonly rows: readonly string[]
  /** Rounds in a full run; three unless given. */
  readonly rounds?: number
  round(round: Round): Promise<void>
}

export function rotated<T>(rivals: readonly T[], turn: number): T[] {
  const at = turn % rivals.length
  return [...rivals.slice(at), ...rivals.slice(0, at)]
}

export const counted = (records: number, { factor }: Scale): number => Math.max(60, Math.round((records * factor) / 60) * 60)

/** Dirty pages of one rival are not written while the next is measured. */
export function settle(): void {
  spawnSync('sync')
}
