/** Numbers in sentences. Offsets, ids and what a program reads stand without separators. */

/** `1701` is `1,701`. */
export const numberText = (n: number): string => n.toLocaleString('en')

/** `counted(2, 'record')` is `2 records`. */
export const counted = (n: number, noun: string): string => `${numberText(n)} ${noun}${n === 1 ? '' : 's'}`
