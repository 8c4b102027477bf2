import type { ReactNode } from 'react'

/** What is wider than a small screen scrolls in itself, by keyboard too. */
export const Scroll = ({ label, children }: { label: string; children: ReactNode }) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard
  <div className="scroll" role="group" tabIndex={0} aria-label={`Table: ${label}`}>
    {children}
  </div>
)
