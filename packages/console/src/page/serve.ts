/**
 * The page and its files. Every path of a page gets the same document, which reads the path itself: links into it
 * work.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Refusal } from '../guard/refusal.ts'
import type { PageFile } from './files.ts'

const PAGES = /^\/(?:$|groups(?:\/|$)|topics(?:\/|$)|history$|doctor$|cluster$)/

export function servePage(app: FastifyInstance, files: ReadonlyMap<string, PageFile>): void {
  app.setNotFoundHandler(async (request, reply) => {
    const path = request.url.split('?', 1)[0]!
    const isRead = request.method === 'GET' || request.method === 'HEAD'
    const file = files.get(path) ?? (PAGES.test(path) ? files.get('/index.html') : undefined)
    if (!isRead || file === undefined) throw new Refusal(404, 'NOT_FOUND', 'there is nothing at this address')
    return send(request, reply, file)
  })
}

function send(request: FastifyRequest, reply: FastifyReply, { type, bytes, gzipped, etag, isHashed }: PageFile): FastifyReply {
  reply
    .header('etag', etag)
    .header('cache-control', isHashed ? 'public, max-age=31536000, immutable' : 'no-cache')
    .header('vary', 'accept-encoding')
  if (request.headers['if-none-match'] === etag) return reply.code(304).send()
  const isGzip = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '')
  if (isGzip) reply.header('content-encoding', 'gzip')
  return reply.type(type).send(isGzip ? gzipped : bytes)
}
