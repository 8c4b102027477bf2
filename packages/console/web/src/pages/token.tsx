import { type FormEvent, useEffect, useState } from 'react'
import { ApiError, post } from '../state/api.ts'

/** `#token=…` of the address that the console printed; it never reaches a server or its log. */
function takeFragment(): string | undefined {
  const token = new URLSearchParams(location.hash.slice(1)).get('token')
  if (token !== null) history.replaceState(null, '', location.pathname + location.search)
  return token ?? undefined
}

export function TokenPage({ onDone }: { onDone(): void }) {
  const [token, setToken] = useState('')
  const [error, setError] = useState('')
  const send = async (value: string): Promise<void> => {
    try {
      await post('/api/session', { token: value })
      onDone()
    } catch (refused) {
      if (!(refused instanceof ApiError)) throw refused
      setError(refused.message)
    }
  }
  // When the page is opened, and when the printed address is pasted into its tab: that loads nothing
  useEffect(() => {
    const take = (): void => {
      const given = takeFragment()
      if (given !== undefined) void send(given)
    }
    take()
    window.addEventListener('hashchange', take)
    return () => window.removeEventListener('hashchange', take)
  }, [])
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    void send(token)
  }
  return (
    <main className="token panel">
      <form onSubmit={submit}>
        <h1>This console asks for its token</h1>
        <p className="dim">
          It is the part after <code>#token=</code> of the address that was printed when the console was started.
        </p>
        <label className="field">
          Token
          <input type="password" value={token} onChange={(e) => setToken(e.target.value)} autoComplete="off" required />
        </label>
        <button className="go" type="submit">
          Open
        </button>
        {error !== '' && (
          <p className="notice bad" role="alert">
            {error}
          </p>
        )}
      </form>
    </main>
  )
}
