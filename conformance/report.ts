/** What a judge says: checks by name, each passed, failed or skipped with its reason. */
export class Report {
  readonly #judge: string
  /** Cases that are not run, with the reason. */
  readonly notRun: (readonly [name: string, why: string])[] = []
  readonly failures: string[] = []
  passed = 0
  failed = 0
  skipped = 0

  constructor(judge: string) {
    this.#judge = judge
  }

  get judge(): string {
    return this.#judge
  }

  async check(name: string, act: () => Promise<void> | void): Promise<void> {
    try {
      await act()
      this.passed++
      console.log(`ok       ${this.#judge}: ${name}`)
    } catch (error) {
      this.failed++
      this.failures.push(name)
      console.log(`NOT OK   ${this.#judge}: ${name}\n         ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  skip(name: string, why: string): void {
    this.skipped++
    this.notRun.push([name, why])
    console.log(`skipped  ${this.#judge}: ${name} (${why})`)
  }
}

export function equal(found: unknown, wanted: unknown): void {
  const [a, b] = [JSON.stringify(found), JSON.stringify(wanted)]
  if (a !== b) throw new Error(`found ${a}, must be ${b}`)
}
