/** What a move is to do, from the command line: the group, the partitions, the target. */
import { type MoveWish, offsetsOfGroup, parseOffsets } from '@tidemark/offsets'
import type { Command } from 'commander'
import { usage } from '../exit.ts'
import { textOfInput } from '../input.ts'
import { type ScopeOptions, scopeOf, withScope } from './scope.ts'
import { type TargetOptions, targetOf, withTarget } from './target.ts'

export interface WishOptions extends TargetOptions, ScopeOptions {
  readonly group?: string
  readonly fromFile?: string
  readonly keepMetadata?: boolean
}

export const withWish = (command: Command): Command =>
  withScope(withTarget(command.argument('[GROUP]').option('-g, --group <GROUP>', "as the argument: Kafka's name")))
    .option('--from-file <FILE>', "offsets from a file: JSON, Kafka's CSV, or rpk's; - is stdin")
    .option('--keep-metadata', 'keep the metadata of the commits, which a move drops unless the target has its own')

export function wishOf(argument: string | undefined, options: WishOptions): MoveWish {
  const group = groupOf(argument, options.group)
  const target = targetOf(options, Date.now())
  const { fromFile } = options
  if ((target === undefined) === (fromFile === undefined)) throw usage('name a target: --to, a flag that Kafka has for it, or --from-file')
  return {
    group,
    scope: scopeOf(options),
    target: target ?? { kind: 'list', offsets: listOf(fromFile!, group) },
    ...(options.keepMetadata && { keepMetadata: true }),
  }
}

export function groupOf(argument: string | undefined, option: string | undefined): string {
  if (argument !== undefined && option !== undefined && argument !== option) throw usage('name the group once')
  const group = argument ?? option
  if (group === undefined) throw usage('name the group')
  return group
}

export function listOf(file: string, group: string) {
  const text = textOfInput(file)
  const from = file === '-' ? 'stdin' : file
  return offsetsOfGroup(parseOffsets(text, from), group, from)
}
