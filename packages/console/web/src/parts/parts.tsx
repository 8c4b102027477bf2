/** Small things that every page is made of. */
import { type ReactNode, useEffect, useId, useRef } from 'react'
import type { Measured } from '../../../src/shapes.ts'
import { duration, time, utc, zone } from '../format.ts'
import type { ApiError } from '../state/api.ts'
import type { Connection } from '../state/live.ts'

export type Tone = 'plain' | 'ok' | 'warn' | 'bad'

export const Chip = ({ tone = 'plain', title, children }: { tone?: Tone; title?: string; children: ReactNode }) => (
  <span className={tone === 'plain' ? 'chip' : `chip ${tone}`} title={title}>
    {children}
  </span>
)

/** One sentence a number: what it counts, the number, and how sure it is. */
export const Stat = ({ label, value, children }: { label: string; value: ReactNode; children?: ReactNode }) => (
  <div className="stat">
    <dt>{label}</dt>
    <dd>
      <strong>{value}</strong>
      <em>{children}</em>
    </dd>
  </div>
)

interface PanelProps {
  readonly title: string
  readonly header?: ReactNode
  /** Takes the focus, and is scrolled to, when it appears: what a button opened may lie below the screen. */
  readonly takesFocus?: boolean
  readonly children: ReactNode
}

export const Panel = ({ title, header, takesFocus = false, children }: PanelProps) => {
  const id = useId()
  const section = useRef<HTMLElement>(null)
  useEffect(() => {
    if (!takesFocus) return
    section.current?.focus({ preventScroll: true })
    section.current?.scrollIntoView({ block: 'nearest' })
  }, [takesFocus])
  return (
    <section ref={section} className="panel" aria-labelledby={id} tabIndex={takesFocus ? -1 : undefined}>
      <header>
        <h2 id={id}>{title}</h2>
        {header}
      </header>
      {children}
    </section>
  )
}

/** In the browser's zone; a hover shows UTC. */
export const Time = ({ atMs }: { atMs: number }) => (
  <time dateTime={new Date(atMs).toISOString()} title={utc(atMs)}>
    {time(atMs)}
  </time>
)

/** What a bound is to its figure: an age is at most it, a runway at least. */
const SIGNS = { most: { exact: '', bounded: '≤ ', estimated: '≈ ' }, least: { exact: '', bounded: '≥ ', estimated: '≈ ' } } as const

/** `≈ 50 s`; a hover says how it was measured. */
export const Duration = ({ measured, none, bound = 'most' }: { measured: Measured | null; none: string; bound?: 'most' | 'least' }) =>
  measured === null ? (
    <span className="dim">{none}</span>
  ) : (
    <span title={measured.reason === null ? measured.certainty : `${measured.certainty}: ${measured.reason}`}>
      {SIGNS[bound][measured.certainty]}
      {duration(measured.value)}
    </span>
  )

export function Live({
  connection,
  failure,
}: {
  connection: Connection
  failure?: { code: string; message: string; atMs: number } | undefined
}) {
  const isLost = connection === 'lost' || connection === 'full' || failure !== undefined
  const words = {
    live: `live · times in ${zone}`,
    connecting: 'connecting…',
    lost: 'the console does not answer; trying again',
    full: 'as many pages are live as the console takes; close another one; trying again',
  }
  return (
    <span className="live" role="status" data-state={isLost ? 'lost' : connection}>
      {failure === undefined || connection === 'lost' || connection === 'full'
        ? words[connection]
        : failure.code.endsWith('_AUTHORIZATION_FAILED')
          ? 'the cluster refuses this user; trying again'
          : 'the cluster does not answer; trying again'}
    </span>
  )
}

export const Failure = ({ error }: { error: Pick<ApiError, 'code' | 'message'> }) => (
  <div className="notice bad" role="alert">
    {error.message} <code>{error.code}</code>
  </div>
)

/** A button that says beside it why it cannot be pressed. It can be reached by keyboard all the same. */
export function Action(props: { children: ReactNode; kind?: 'go' | 'quiet'; small?: boolean; why?: string | null; onPress(): void }) {
  const { children, kind = 'quiet', small = false, why = null, onPress } = props
  const id = useId()
  return (
    <>
      <button
        type="button"
        className={small ? `${kind} small` : kind}
        aria-disabled={why !== null}
        aria-describedby={why === null ? undefined : id}
        onClick={why === null ? onPress : undefined}
      >
        {children}
      </button>
      {why !== null && ' '}
      {why !== null && (
        <span id={id} className={kind === 'go' ? 'chip bad' : 'small dim'}>
          {why}
        </span>
      )}
    </>
  )
}

export interface Choice<T extends string> {
  readonly value: T
  readonly label: string
}

export const Segments = <T extends string>(props: { label: string; value: T; choices: readonly Choice<T>[]; onChange(value: T): void }) => (
  <fieldset className="seg" aria-label={props.label}>
    {props.choices.map(({ value, label }) => (
      <button key={value} type="button" aria-pressed={value === props.value} onClick={() => props.onChange(value)}>
        {label}
      </button>
    ))}
  </fieldset>
)
