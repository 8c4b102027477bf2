/** The seam to chance: ids, jitter, the choice of a partition. */
export interface Random {
  /** A number in [0, 1). */
  next(): number
  /** 32 hexadecimal digits of a random UUID (version 4). */
  uuid(): string
}

/** An integer in [0, n). */
export const below = (random: Random, n: number): number => Math.floor(random.next() * n)
