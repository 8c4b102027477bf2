import { readFileSync } from 'node:fs'

/** The whole of a file that an option names: a certificate, a list. Throws the error of `node:fs`. */
export const readBytes = (path: string): Buffer => readFileSync(path)
