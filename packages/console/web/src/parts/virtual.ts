/** Which rows of a long list are on the screen: the page scrolls, and only those exist. */
import { type RefObject, useEffect, useRef, useState } from 'react'

const BEYOND = 12

export function useVirtualRows(total: number, rowHeight: number): { ref: RefObject<HTMLDivElement | null>; first: number; last: number } {
  const ref = useRef<HTMLDivElement>(null)
  const [range, setRange] = useState({ first: 0, last: 60 })
  useEffect(() => {
    let frame = 0
    const measure = (): void => {
      frame = 0
      const box = ref.current?.getBoundingClientRect()
      if (box === undefined) return
      const first = Math.max(0, Math.floor(-box.top / rowHeight) - BEYOND)
      const last = Math.max(0, Math.ceil((innerHeight - box.top) / rowHeight) + BEYOND)
      setRange((old) => (old.first === first && old.last === last ? old : { first, last }))
    }
    const later = (): void => {
      frame ||= requestAnimationFrame(measure)
    }
    measure()
    addEventListener('scroll', later, { passive: true })
    addEventListener('resize', later)
    return () => {
      cancelAnimationFrame(frame)
      removeEventListener('scroll', later)
      removeEventListener('resize', later)
    }
  }, [rowHeight])
  return { ref, first: Math.min(range.first, total), last: Math.min(range.last, total) }
}
