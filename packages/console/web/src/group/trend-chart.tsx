import { useEffect, useRef } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import type { TrendPoint } from '../../../src/shapes.ts'
import { count, time } from '../format.ts'
import { useMedia } from '../parts/media.ts'
import { Panel } from '../parts/parts.tsx'

const HEIGHT = 150
/** Between two times of the axis, in seconds: they are told in whole ones. */
const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 21_600, 86_400]

/** Open records of the group, for as long as somebody has looked. */
export function TrendChart({ points }: { points: readonly TrendPoint[] }) {
  const host = useRef<HTMLDivElement>(null)
  const chart = useRef<uPlot | null>(null)
  const isDark = useMedia('(prefers-color-scheme: dark)')
  const hasEnough = points.length > 1
  // Colours are read when the scheme changes
  useEffect(() => {
    const element = host.current
    if (element === null) return
    const colours = getComputedStyle(document.documentElement)
    const colour = (name: string): string => colours.getPropertyValue(name).trim()
    const axis = { stroke: colour('--dim'), grid: { stroke: colour('--line'), width: 1 }, ticks: { stroke: colour('--line'), width: 1 } }
    const plot = new uPlot(
      {
        width: element.clientWidth,
        height: HEIGHT,
        legend: { show: false },
        cursor: { show: false },
        scales: { y: { range: (_u, _min, max) => [0, Math.max(max, 10)] } },
        axes: [
          { ...axis, space: 90, incrs: STEPS_S, values: (_u, ticks) => ticks.map((t) => time(t * 1_000)) },
          { ...axis, size: 64, values: (_u, ticks) => ticks.map((v) => count(v)) },
        ],
        series: [{}, { stroke: colour('--accent'), width: 1.5, points: { show: false } }],
      },
      [[], []],
      element,
    )
    chart.current = plot
    const observer = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: HEIGHT }))
    observer.observe(element)
    return () => {
      observer.disconnect()
      plot.destroy()
      chart.current = null
    }
  }, [isDark, hasEnough])
  // A chart that was made anew has no data yet
  useEffect(() => {
    chart.current?.setData([points.map((p) => p.atMs / 1_000), points.map((p) => p.open)])
  }, [points, isDark, hasEnough])
  if (!hasEnough) return null
  const [first, last] = [points[0]!, points.at(-1)!]
  return (
    <Panel title="Open records" header={<span className="dim small">as long as somebody has looked</span>}>
      <div className="chart" ref={host} role="img" aria-label={`Open records went from ${count(first.open)} to ${count(last.open)}`} />
    </Panel>
  )
}
