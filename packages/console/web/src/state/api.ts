/** Requests to the console's own API. */
import { useCallback, useEffect, useState } from 'react'

export class ApiError extends Error {
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

/** Undefined once the token is known, or none is needed. */
let onTokenMissing: (() => void) | undefined
export const whenTokenIsMissing = (call: () => void): void => {
  onTokenMissing = call
}

async function request<T>(path: string, init: RequestInit): Promise<T> {
  const response = await fetch(path, init).catch((error: unknown) => {
    if (init.signal?.aborted) throw error
    throw new ApiError(0, 'CONSOLE_GONE', 'the console does not answer; is its process still running?')
  })
  const body = (await response.json().catch((error: unknown) => {
    if (init.signal?.aborted) throw error
    throw new ApiError(response.status, 'NOT_JSON', `the answer is not one of the console: ${response.status} ${response.statusText}`)
  })) as T & { code?: string; message?: string }
  if (response.ok) return body
  if (response.status === 401) onTokenMissing?.()
  throw new ApiError(response.status, body.code ?? 'UNKNOWN', body.message ?? response.statusText)
}

/** Why a stream of events is refused: the code of the answer. Undefined: it is not, or nothing answers. */
export async function refusalOf(path: string, signal: AbortSignal): Promise<string | undefined> {
  try {
    const response = await fetch(path, { signal })
    if (response.ok) {
      await response.body?.cancel()
      return undefined
    }
    if (response.status === 401) onTokenMissing?.()
    return ((await response.json()) as { code?: string }).code
  } catch (error) {
    // Nothing answers, not the console, or nobody waits any more: the next attempt to follow the events tells.
    if (error instanceof TypeError || error instanceof SyntaxError || error instanceof DOMException) return undefined
    throw error
  }
}

export const get = <T>(path: string, signal?: AbortSignal): Promise<T> => request<T>(path, signal === undefined ? {} : { signal })

export const post = <T>(path: string, body: object = {}, signal?: AbortSignal): Promise<T> =>
  request<T>(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    ...(signal !== undefined && { signal }),
  })

export interface Loaded<T> {
  readonly data: T | undefined
  readonly error: ApiError | undefined
  readonly loading: boolean
  reload(): void
}

/** Loads when the path changes; what was there stays until the new answer is. Null: nothing to load. */
export function useLoaded<T>(path: string | null, everyMs?: number): Loaded<T> {
  const [state, setState] = useState<{ path: string | null; data?: T; error?: ApiError; loading: boolean }>({ path, loading: true })
  const [turn, setTurn] = useState(0)
  // A new turn loads the same path again
  useEffect(() => {
    if (path === null) return
    const controller = new AbortController()
    setState((old) => (old.path === path ? { ...old, loading: true } : { path, loading: true }))
    let timer: ReturnType<typeof setTimeout> | undefined
    const loading = get<T>(path, controller.signal).then(
      (data) => setState({ path, data, loading: false }),
      (error: unknown) => {
        if (controller.signal.aborted) return
        if (!(error instanceof ApiError)) throw error
        setState((old) => ({ ...old, path, error, loading: false }))
      },
    )
    // From the answer on: one that takes long is not asked for again meanwhile.
    void loading.then(() => {
      if (everyMs !== undefined && !controller.signal.aborted) timer = setTimeout(() => setTurn((t) => t + 1), everyMs)
    })
    return () => {
      controller.abort()
      clearTimeout(timer)
    }
  }, [path, turn, everyMs])
  const reload = useCallback(() => setTurn((t) => t + 1), [])
  const isOwn = state.path === path
  return {
    data: isOwn ? state.data : undefined,
    error: isOwn ? state.error : undefined,
    loading: path !== null && (!isOwn || state.loading),
    reload,
  }
}
