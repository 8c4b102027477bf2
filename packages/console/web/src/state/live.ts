/** Events of the console, as they come; the browser connects again by itself. */
import { useEffect, useRef, useState } from 'react'
import { refusalOf } from './api.ts'

const AGAIN_MS = 3_000

/** `full`: the console has as many viewers as it takes. */
export type Connection = 'connecting' | 'live' | 'lost' | 'full'

/** Null: nothing is followed. A page that nobody sees is not live, unless it has to miss nothing. */
export function useEvents<E>(path: string | null, onEvent: (event: E) => void, { whileHidden = false } = {}): Connection {
  const [connection, setConnection] = useState<Connection>('connecting')
  const latest = useRef(onEvent)
  latest.current = onEvent
  useEffect(() => {
    if (path === null) return
    let source: EventSource | undefined
    let again: ReturnType<typeof setTimeout> | undefined
    let asking: AbortController | undefined
    const close = (): void => {
      clearTimeout(again)
      asking?.abort()
      source?.close()
      source = undefined
    }
    const open = (): void => {
      const opened = new EventSource(path)
      source = opened
      opened.onopen = () => setConnection('live')
      opened.onerror = () => {
        // After an answer that is not a stream (too many viewers, a token that is missing) the browser gives up.
        if (opened.readyState === EventSource.CLOSED) void openAgain()
        else setConnection('lost')
      }
      opened.onmessage = (message) => latest.current(JSON.parse(message.data) as E)
    }
    /** An event source does not say why it was refused. */
    const openAgain = async (): Promise<void> => {
      const controller = new AbortController()
      asking = controller
      const code = await refusalOf(path, controller.signal)
      if (controller.signal.aborted) return
      setConnection(code === 'TOO_MANY_VIEWERS' ? 'full' : 'lost')
      again = setTimeout(open, AGAIN_MS)
    }
    const show = (): void => {
      if (document.hidden && !whileHidden) close()
      else if (source === undefined) {
        setConnection('connecting')
        open()
      }
    }
    show()
    document.addEventListener('visibilitychange', show)
    return () => {
      document.removeEventListener('visibilitychange', show)
      close()
    }
  }, [path, whileHidden])
  return connection
}
