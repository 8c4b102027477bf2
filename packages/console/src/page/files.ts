/**
 * The built page, read once: a request names one of its files or none, so that no path leads out of the folder. Built
 * by `npm run build`; `files.json` lists what it consists of.
 */

import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { readBytes, sha256, TidemarkError } from '@tidemark/platform'

export interface PageFile {
  readonly type: string
  readonly bytes: Buffer
  readonly gzipped: Buffer
  readonly etag: string
  /** Its name changes with its content. */
  readonly isHashed: boolean
}

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  txt: 'text/plain; charset=utf-8',
}

/** Beside the built code, or where the build puts it if the sources run. */
const folder = (): URL => new URL(import.meta.url.endsWith('.ts') ? '../../dist/web/' : webBeside(import.meta.url), import.meta.url)

/** `dist/page/files.js` in the package; a chunk in `dist/` where everything is in one bundle. */
const webBeside = (url: string): string => (url.endsWith('/page/files.js') ? '../web/' : './web/')

/** By path. Throws `TidemarkError` PAGE_MISSING. */
export function pageFiles(): ReadonlyMap<string, PageFile> {
  const base = folder()
  const names = JSON.parse(readFile(base, 'files.json').toString('utf8')) as string[]
  return new Map(names.map((name) => [`/${name}`, fileOf(name, readFile(base, name))]))
}

function fileOf(name: string, bytes: Buffer): PageFile {
  const type = TYPES[name.slice(name.lastIndexOf('.') + 1)] ?? 'application/octet-stream'
  return {
    type,
    bytes,
    gzipped: gzipSync(bytes),
    etag: `"${sha256(bytes).toString('hex').slice(0, 16)}"`,
    isHashed: name.startsWith('assets/'),
  }
}

function readFile(base: URL, name: string): Buffer {
  const path = fileURLToPath(new URL(name, base))
  try {
    return readBytes(path)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
    throw new TidemarkError('PAGE_MISSING', `the page of the console is not built: ${path} does not exist; run npm run build`, {
      cause: error,
    })
  }
}
