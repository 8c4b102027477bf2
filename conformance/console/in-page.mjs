// What runs in the browser's page: plain JavaScript, because the rest of the program is typed for Node.js.

export const widths = () => [document.documentElement.scrollWidth, innerWidth]

/** When the first text was painted, and the bytes of script on the wire. */
export const firstPaint = () => ({
  paintMs: performance.getEntriesByName('first-contentful-paint')[0].startTime,
  scriptBytes: performance
    .getEntriesByType('resource')
    .filter((r) => r.name.endsWith('.js'))
    .reduce((sum, r) => sum + r.encodedBodySize, 0),
})

/** Scrolls as a hand does, and measures frames. */
export async function scrolling() {
  const frames = []
  let last = performance.now()
  let rows = 0
  for (let i = 0; i < 120; i++) {
    scrollBy(0, 400)
    await new Promise(requestAnimationFrame)
    const now = performance.now()
    frames.push(now - last)
    last = now
    rows = Math.max(rows, document.querySelectorAll('.list-row').length)
  }
  frames.sort((a, b) => a - b)
  return { rows, middleMs: frames[Math.floor(frames.length / 2)], longMs: frames[Math.floor(frames.length * 0.95)] }
}

export const toTheEnd = () => scrollTo(0, document.body.scrollHeight)
export const hasRow = (index) => document.querySelector(`.list-row[aria-rowindex="${index}"]`) !== null
export const hasText = ([element, text]) => element.textContent === text
export const cookies = () => document.cookie

/** What a script of another site may try; `image` and the form of the page are tried beside it. */
export async function attack([url, body]) {
  const json = { 'content-type': 'application/json' }
  const tried = [
    () => fetch(`${url}/api/groups`),
    () => fetch(`${url}/api/groups`, { mode: 'no-cors' }),
    () => fetch(`${url}/api/plans`, { method: 'POST', body, mode: 'no-cors' }),
    () => fetch(`${url}/api/plans`, { method: 'POST', body, headers: json }),
  ]
  const outcomes = await Promise.all(
    tried.map((act) =>
      act().then(
        (response) => response.type,
        () => 'blocked',
      ),
    ),
  )
  document.getElementById('form').submit()
  return outcomes
}

export const imageSeen = () => 'image' in window
export const image = () => window.image

/** A PNG as WebP, both as base64. */
export async function asWebp(png) {
  const bytes = Uint8Array.from(atob(png), (character) => character.charCodeAt(0))
  const picture = await createImageBitmap(new Blob([bytes]))
  const canvas = new OffscreenCanvas(picture.width, picture.height)
  canvas.getContext('2d').drawImage(picture, 0, 0)
  const blob = await canvas.convertToBlob({ type: 'image/webp', quality: 0.92 })
  const webp = new Uint8Array(await blob.arrayBuffer())
  let text = ''
  for (const byte of webp) text += String.fromCharCode(byte)
  return btoa(text)
}
