/** How a figure went: a shape without a scale, described in words for those who do not see it. */
export function Sparkline({ values, width = 96, height = 22 }: { values: readonly number[]; width?: number; height?: number }) {
  if (values.length < 2) return <span className="dim">–</span>
  const max = Math.max(...values, 1)
  const at = (value: number, i: number): string =>
    `${((i / (values.length - 1)) * width).toFixed(1)} ${(height - (value / max) * height).toFixed(1)}`
  const [first, last] = [values[0]!, values.at(-1)!]
  const words = last > first ? 'grows' : last < first ? 'falls' : 'stays'
  return (
    <svg className="spark" width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={words}>
      <path d={`M${values.map(at).join('L')}`} />
    </svg>
  )
}
