/** Events of the console, as they come; the browser connects again by itself. */
import { useEffect, useRef, useState } from 'react'

export type Connection = 'connecting' | 'live' | 'lost'

/** Null: nothing is followed. */
export function useEvents<E>(path: string | null, onEvent: (event: E) => void): Connection {
  const [connection, setConnection] = useState<Connection>('connecting')
  const latest = useRef(onEvent)
  latest.current = onEvent
  useEffect(() => {
    if (path === null) return
    setConnection('connecting')
    let source: EventSource
    let again: ReturnType<typeof setTimeout> | undefined
    const open = (): void => {
      source = new EventSource(path)
      source.onopen = () => setConnection('live')
      source.onerror = () => {
        setConnection('lost')
        // After an answer that is not a stream (too many viewers, a token that is missing) the browser gives up.
        if (source.readyState === EventSource.CLOSED) again = setTimeout(open, 3_000)
      }
      source.onmessage = (message) => latest.current(JSON.parse(message.data) as E)
    }
    open()
    return () => {
      clearTimeout(again)
      source.close()
    }
  }, [path])
  return connection
}
