/** Text on a terminal: how many of its columns it takes, cut or wrapped to so many. */

/** East Asian wide and fullwidth characters, and most emoji, take two columns. */
const WIDE = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u

export function widthOf(text: string): number {
  let width = 0
  for (const character of text) width += WIDE.test(character) ? 2 : 1
  return width
}

/** Text that takes more columns than `max` ends with an ellipsis. */
export function fitted(text: string, max: number): string {
  if (widthOf(text) <= max) return text
  let fitting = ''
  for (const character of text) {
    if (widthOf(fitting) + widthOf(character) > max - 1) break
    fitting += character
  }
  return `${fitting}…`
}

/** Words over several lines of this width, all but the first of them indented. */
export function wrapped(text: string, width: number, indent: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/(?<=\S) /)) {
    if (line !== '' && widthOf(line) + 1 + widthOf(word) > width) {
      lines.push(fitted(line, width))
      line = `${' '.repeat(indent)}${word}`
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, fitted(line, width)]
}
