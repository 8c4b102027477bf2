import { planMove } from '@tidemark/offsets'
import { Command } from 'commander'
import { type ClusterOptions, connected, type OutputOptions, withCluster, withOutput } from '../../connection.ts'
import { EXIT } from '../../exit.ts'
import { writePlan } from '../../move/perform.ts'
import { printPlan } from '../../move/print-plan.ts'
import { type WishOptions, wishOf, withWish } from '../../move/wish.ts'
import { durationOf } from '../../records/time.ts'

export function planCommand(): Command {
  return withWish(withOutput(withCluster(new Command('plan'))))
    .option('--out <FILE>', 'write the plan to a file, which offsets apply takes')
    .option('--valid-for <DURATION>', 'how long the plan may be applied (default: 1h)', durationOf('--valid-for'))
    .addHelpText('after', HELP)
    .action(plan)
}

const HELP = `
AGAIN are records that will be handled again, SKIPPED those that will not be
handled. A fallback is a place that differs from the one asked for: it is
applied only if it is accepted. The exit code is 3.

Examples:
  tidemark offsets plan billing --to start
  tidemark offsets plan billing --to @-1h --topic orders:0,1 --out plan.json
  tidemark offsets plan --group billing --topic orders --to-datetime 2026-11-22T14:00:00.000`

interface PlanOptions extends ClusterOptions, OutputOptions, WishOptions {
  readonly out?: string
  readonly validFor?: number
}

async function plan(group: string | undefined, options: PlanOptions): Promise<void> {
  const wish = wishOf(group, options)
  await connected(options, async ({ kafka }) => {
    const made = await planMove(kafka, wish, options.validFor === undefined ? {} : { validForMs: options.validFor })
    await printPlan(made, options.output)
    writePlan(made, options.out)
    process.exitCode = EXIT.notApplied
  })
}
