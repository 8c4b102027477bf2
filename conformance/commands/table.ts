/**
 * The table of docs/guide/commands.md: every command line, and what it prints on stdout and on stderr, and its exit
 * code.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import { parse } from 'yaml'
import { fieldsTable } from './fields.ts'

const PAGE = fileURLToPath(new URL('../../docs/guide/commands.md', import.meta.url))
const BLOCK = /^```console\n([\s\S]*?)^```$/gm

const FIELDS = /(<!-- fields: .*-->\n\n?)([\s\S]*?)(<!-- \/fields -->)/

export interface Step {
  readonly line: string
  /** As the page has it: stdout, then stderr behind `2> `, then an exit code that is not 0. */
  readonly answer: string
}

export const tablePage = (): string => readFileSync(PAGE, 'utf8')

export const tableOf = (page: string): Step[] => [...page.matchAll(BLOCK)].flatMap(([, block]) => stepsOf(block!))

function stepsOf(block: string): Step[] {
  return block
    .split(/^\$ /m)
    .slice(1)
    .map((text) => {
      const at = text.indexOf('\n')
      return { line: text.slice(0, at), answer: text.slice(at + 1) }
    })
}

export interface Answer {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export function answerText({ code, stdout, stderr }: Answer): string {
  const said = stderr.split('\n').filter((line) => line !== '')
  const end = stdout === '' || stdout.endsWith('\n') ? '' : '\n'
  return `${stdout}${end}${said.map((line) => `2> ${line}\n`).join('')}${code === 0 ? '' : `exit ${code}\n`}`
}

const YAML_LINES_MAX = 20
const AS_JSON = '# what -o json prints, as YAML\n'

/** Long YAML that says what the JSON of the same command says is not printed twice. */
export function shortened(steps: readonly Step[], answers: readonly string[]): string[] {
  return answers.map((answer, i) => {
    const { line } = steps[i]!
    const json = steps.findIndex((step) => step.line === line.replace('-o yaml', '-o json'))
    if (!line.includes('-o yaml') || json < 0) return answer
    const [[yaml, said], [wanted]] = [parts(answer), parts(answers[json]!)]
    if (yaml.split('\n').length <= YAML_LINES_MAX) return answer
    return isDeepStrictEqual(parse(yaml), JSON.parse(wanted)) ? `${AS_JSON}${said}` : answer
  })
}

/** What is on stdout, and the rest. */
function parts(answer: string): [stdout: string, rest: string] {
  const at = answer.search(/^(2> |exit \d)/m)
  return at < 0 ? [answer, ''] : [answer.slice(0, at), answer.slice(at)]
}

/** Writes what each step answers into the page. */
export function writeTable(answers: readonly string[]): void {
  let next = 0
  const page = tablePage().replaceAll(BLOCK, (_, block: string) => {
    const steps = stepsOf(block).map(({ line }) => `$ ${line}\n${answers[next++]}`)
    return `\`\`\`console\n${steps.join('')}\`\`\``
  })
  writeFileSync(
    PAGE,
    page.replace(FIELDS, (_, begin: string, __, end: string) => `${begin}${fieldsTable(tableOf(page))}${end}`),
  )
}
