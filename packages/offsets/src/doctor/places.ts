/** Committed offsets that do not lie in the log, or lie in another one. */
import { counted, numberText } from '@tidemark/platform'
import { keyOfEpoch } from '../log/epoch-ends.ts'
import { everyPartition } from './every.ts'
import type { Facts } from './facts.ts'
import { type Finding, moveCommand } from './finding.ts'

export const beyondEnd = (facts: Facts): Finding[] =>
  everyPartition(facts, 'beyond-end', 'error', ({ topic, partition, committed, end, reason }, { group }) => {
    if (reason !== 'beyond-end' || isMirrored(facts, end!)) return undefined
    return {
      message: `offset ${committed} is committed, ${numberText(committed! - end!)} beyond the end of the log (${end}): the topic was deleted and created again, or its log was truncated; the group does not read what is there`,
      command: moveCommand(group, topic, partition, 'start'),
    }
  })

/** MirrorMaker 2 copies an offset as it is where it has nothing to translate it with (KAFKA-12635). */
export const mirroredLiteral = (facts: Facts): Finding[] =>
  everyPartition(facts, 'mirrored-literal', 'error', ({ topic, partition, committed, end, reason }, { group }) => {
    if (reason !== 'beyond-end' || !isMirrored(facts, end!)) return undefined
    return {
      message: `offset ${committed} is committed, and nothing was ever written here: MirrorMaker 2 seems to have copied the offset of another cluster as it is`,
      command: moveCommand(group, topic, partition, 'start'),
    }
  })

const isMirrored = (facts: Facts, end: number): boolean => facts.isMirrored && end === 0

/** KIP-320: what was committed under an epoch that ended below it was read from a log that is gone. */
export const rewritten = (facts: Facts): Finding[] =>
  everyPartition(facts, 'rewritten-log', 'error', ({ topic, partition, committed, leaderEpoch, reason }, { group }) => {
    if (committed === null || reason === 'beyond-end' || leaderEpoch === null || leaderEpoch < 0) return undefined
    const agreesTo = facts.epochEnds.get(keyOfEpoch({ topic, partition, leaderEpoch }))
    if (agreesTo === undefined || agreesTo >= committed) return undefined
    return {
      message: `offset ${committed} was committed under leader epoch ${leaderEpoch}, which ends at ${agreesTo}: the ${counted(committed - agreesTo, 'record')} before it ${committed - agreesTo === 1 ? 'is another' : 'are others'} than those that were read`,
      command: moveCommand(group, topic, partition, String(agreesTo)),
    }
  })

export const belowStart = (facts: Facts): Finding[] =>
  everyPartition(facts, 'below-start', 'error', ({ topic, partition, committed, start, reason }, { group }) =>
    reason !== 'below-start'
      ? undefined
      : {
          message: `offset ${committed} is committed, and the log begins at ${start}: ${counted(start! - committed!, 'record')} ${start! - committed! === 1 ? 'was' : 'were'} deleted unread`,
          command: moveCommand(group, topic, partition, 'start'),
        },
  )
