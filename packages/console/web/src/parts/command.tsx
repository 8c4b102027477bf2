import { useState } from 'react'

/** The same by command line, to copy. */
export function CommandLine({ command, label = 'The same by command line' }: { command: string; label?: string }) {
  const [note, setNote] = useState('')
  const copy = async (): Promise<void> => {
    // The clipboard is closed to pages that are not on loopback or HTTPS, and to those whose user said no.
    const done = await navigator.clipboard?.writeText(command).then(
      () => true,
      () => false,
    )
    setNote(done ? 'copied' : 'select the text to copy it')
  }
  return (
    <div className="command">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard */}
      <div role="group" tabIndex={0} aria-label={label}>
        <code>{command}</code>
      </div>
      <button type="button" className="quiet small" onClick={copy} aria-label={`Copy: ${label}`}>
        Copy
      </button>
      <span role="status" className={note === '' ? 'visually-hidden' : 'small dim'}>
        {note}
      </span>
    </div>
  )
}
