import { examine, type Finding } from '@tidemark/offsets'
import { counted } from '@tidemark/platform'
import { Command } from 'commander'
import { type ClusterOptions, connected, type OutputOptions, withCluster, withOutput } from '../connection.ts'
import { EXIT } from '../exit.ts'
import { outputWidth, write } from '../print/output.ts'
import { printRows, say } from '../print/print.ts'
import { plain } from '../print/table.ts'
import { wrapped } from '../print/width.ts'

interface DoctorOptions extends ClusterOptions, OutputOptions {
  readonly strict?: boolean
}

const FIELDS = ['severity', 'rule', 'group', 'topic', 'partition', 'message', 'command'] as const

export function doctorCommand(): Command {
  return withOutput(withCluster(new Command('doctor')))
    .argument('[GROUP...]', 'default: all groups')
    .option('--strict', 'exit code 1 for warnings too')
    .addHelpText('after', HELP)
    .action(doctor)
}

const HELP = `
Exit code 1 if there is an error: a committed offset beyond the end of its log or below
its start, a log that was rewritten under it, a group that cannot be read. Warnings:
stuck transactions, members that do not go on, topics that nobody subscribes to or that
are gone, partitions without a commit, offsets about to be forgotten, records about to
be deleted, metadata that hardly fits. Nothing is changed.

Examples:
  tidemark doctor
  tidemark doctor billing --strict -o json`

async function doctor(groups: string[], options: DoctorOptions): Promise<void> {
  await connected(options, async ({ kafka }) => {
    const findings = await examine(kafka, groups.length === 0 ? {} : { groups })
    if (options.output === 'table')
      await write(
        findings
          .map((it) =>
            findingLines(it, outputWidth())
              .map((line) => `${line}\n`)
              .join(''),
          )
          .join(''),
      )
    else
      await printRows(
        findings.map((it) => ({ ...it })),
        {},
        options.output,
        { fields: FIELDS },
      )
    const of = (severity: Finding['severity']): number => findings.filter((it) => it.severity === severity).length
    const [errors, warnings] = [of('error'), of('warning')]
    say(`${counted(errors, 'error')}, ${counted(warnings, 'warning')}, ${counted(of('notice'), 'notice')}`)
    if (errors > 0 || (options.strict && warnings > 0)) process.exitCode = EXIT.failed
  })
}

/** What is wrong and where, and what mends it. A command stays on one line, so that it can be copied. */
function findingLines({ severity, rule, group, topic, partition, message, command }: Finding, width = Number.POSITIVE_INFINITY): string[] {
  const where = topic === null ? '' : ` ${topic}${partition === null ? '' : `-${partition}`}`
  const head = plain(`${severity.padEnd(7)}  ${group ?? 'cluster'}${where}: ${message} (${rule})`)
  const lines = wrapped(head, width, INDENT)
  return command === null ? lines : [...lines, `${' '.repeat(INDENT)}${plain(command)}`]
}

const INDENT = 9
