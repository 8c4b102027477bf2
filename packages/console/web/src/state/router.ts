/** Pages by plain paths: a link is an address that can be sent to somebody. */
import { useSyncExternalStore } from 'react'

const listeners = new Set<() => void>()
const changed = (): void => {
  for (const listener of listeners) listener()
}
addEventListener('popstate', changed)

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** Path and query as they stand in the address. */
export const useAddress = (): string => useSyncExternalStore(subscribe, () => location.pathname + location.search)

export function navigate(to: string, { replace = false } = {}): void {
  if (to === location.pathname + location.search) return
  history[replace ? 'replaceState' : 'pushState'](null, '', to)
  changed()
  if (replace) return
  scrollTo(0, 0)
  // A screen reader goes on at the new page, and not where the link was.
  document.getElementById('main')?.focus({ preventScroll: true })
}

/** One value of the query in the address, and how to set it: null takes it out. */
export function useQueryValue(name: string): [string | null, (value: string | null) => void] {
  useAddress()
  const set = (value: string | null): void => {
    const query = new URLSearchParams(location.search)
    if (value === null || value === '') query.delete(name)
    else query.set(name, value)
    const text = query.toString()
    navigate(location.pathname + (text === '' ? '' : `?${text}`), { replace: true })
  }
  return [new URLSearchParams(location.search).get(name), set]
}

export const segmentsOf = (address: string): string[] =>
  address
    .split('?', 1)[0]!
    .split('/')
    .filter((part) => part !== '')
    .map(decoded)

/** What was typed into the address may not be an encoding of anything. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch (error) {
    if (!(error instanceof URIError)) throw error
    return part
  }
}

export const groupPath = (group: string, ...more: string[]): string => `/${['groups', group, ...more].map(encodeURIComponent).join('/')}`
export const topicPath = (topic: string): string => `/topics/${encodeURIComponent(topic)}`
