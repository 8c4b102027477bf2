import type { KeyboardEvent, PointerEvent } from 'react'
import type { PartitionView } from '../../../src/shapes.ts'
import { count } from '../format.ts'
import type { Scale } from './scale.ts'

interface GripProps {
  readonly partition: PartitionView
  readonly scale: Scale
  readonly target: number | null
  readonly onTarget: ((offset: number | null) => void) | null
  readonly label: string
  readonly side: 'left' | 'right' | 'middle'
  readonly left: string
}

export function Grip({ partition: p, scale, target, onTarget, label, side, left }: GripProps) {
  const text = (
    <span data-side={side} aria-hidden="true">
      {label}
    </span>
  )
  if (onTarget === null) {
    return (
      <span className="mark" style={{ left }}>
        {text}
      </span>
    )
  }
  const [min, max] = [p.start!, p.end!]
  const now = target ?? p.committed!
  const aim = (offset: number): void => {
    const bounded = Math.min(max, Math.max(min, offset))
    onTarget(bounded === p.committed ? null : bounded)
  }
  const atPointer = (event: PointerEvent<HTMLElement>): number => {
    const box = event.currentTarget.parentElement!.getBoundingClientRect()
    return scale.offsetAt((event.clientX - box.left) / box.width)
  }
  const down = (event: PointerEvent<HTMLElement>): void => {
    event.currentTarget.setPointerCapture(event.pointerId)
  }
  const move = (event: PointerEvent<HTMLElement>): void => {
    if (!event.currentTarget.hasPointerCapture(event.pointerId)) return
    aim(atPointer(event))
  }
  const step = Math.max(1, Math.round((scale.to - scale.from) / 100))
  const key = (event: KeyboardEvent): void => {
    const one = event.shiftKey ? step : 1
    const steps: Record<string, number> = { ArrowLeft: now - one, ArrowDown: now - one, ArrowRight: now + one, ArrowUp: now + one }
    const places: Record<string, number> = { Home: min, End: max, PageUp: now + step * 10, PageDown: now - step * 10 }
    const next = steps[event.key] ?? places[event.key]
    if (event.key === 'Escape') onTarget(null)
    else if (next === undefined) return
    else aim(next)
    event.preventDefault()
  }
  return (
    <span
      className="mark grip"
      style={{ left }}
      role="slider"
      tabIndex={0}
      aria-label={`Plan a move of ${p.topic}, partition ${p.partition}`}
      aria-valuemin={min}
      aria-valuemax={max}
      aria-valuenow={now}
      aria-valuetext={target === null ? `${count(now)}, where the group stands` : `${count(target)}, planned`}
      onPointerDown={down}
      onPointerMove={move}
      onKeyDown={key}
    >
      {text}
    </span>
  )
}
