/** As much of a terminal as the demo's output needs: text, colours, cursor up, and erasing. */

export interface Cell {
  readonly text: string
  /** The parameter of the last `ESC[…m`; '0': none. */
  readonly sgr: string
}

const BLANK: Cell = { text: ' ', sgr: '0' }
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
const TOKEN = /\x1b\[([\d;?]*)([A-Za-z])|\r|\n|[^\x1b\r\n]/gu

export class Terminal {
  readonly columns: number
  readonly rows: number
  #cells: Cell[][]
  #row = 0
  #column = 0
  #sgr = '0'
  /** The beginning of an escape sequence whose end has not arrived. */
  #rest = ''

  constructor(columns: number, rows: number) {
    this.columns = columns
    this.rows = rows
    this.#cells = Array.from({ length: rows }, () => this.#blankLine())
  }

  #blankLine(): Cell[] {
    return Array.from({ length: this.columns }, () => BLANK)
  }

  write(given: string): void {
    const text = this.#rest + given
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
    const cut = /\x1b(\[[\d;?]*)?$/.exec(text)?.index ?? text.length
    this.#rest = text.slice(cut)
    for (const [token, parameter, command] of text.slice(0, cut).matchAll(TOKEN)) {
      if (command !== undefined) this.#obey(command, parameter!)
      else if (token === '\r') this.#column = 0
      else if (token === '\n') this.#nextLine()
      else this.#put(token)
    }
  }

  #put(text: string): void {
    if (this.#column === this.columns) {
      this.#column = 0
      this.#nextLine()
    }
    this.#cells[this.#row]![this.#column++] = { text, sgr: this.#sgr }
  }

  #nextLine(): void {
    if (++this.#row < this.rows) return
    this.#row = this.rows - 1
    this.#cells.shift()
    this.#cells.push(this.#blankLine())
  }

  #obey(command: string, parameter: string): void {
    switch (command) {
      case 'A':
        this.#row = Math.max(0, this.#row - Number(parameter || 1))
        return
      case 'H':
        this.#row = this.#column = 0
        return
      case 'K':
        this.#cells[this.#row]!.fill(BLANK, this.#column)
        return
      case 'J':
        this.#cells[this.#row]!.fill(BLANK, parameter === '2' ? 0 : this.#column)
        for (let row = parameter === '2' ? 0 : this.#row + 1; row < this.rows; row++) this.#cells[row] = this.#blankLine()
        return
      case 'm':
        this.#sgr = parameter || '0'
        return
      default:
        throw new Error(`the demo wrote ESC[${parameter}${command}, which this terminal does not know`)
    }
  }

  /** A copy of the screen, line by line. */
  lines(): Cell[][] {
    return this.#cells.map((line) => [...line])
  }

  text(): string {
    return this.#cells
      .map((line) =>
        line
          .map((cell) => cell.text)
          .join('')
          .trimEnd(),
      )
      .join('\n')
  }
}
