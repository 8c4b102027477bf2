/** With what `run()` may reject in a run that draws what leads to it: anything else is a defect. */
import type { World } from '../world.ts'
import type { Member } from './member.ts'

export function isExpected(world: World, member: Member, error: unknown): boolean {
  const code = (error as { code?: string } | undefined)?.code ?? ''
  const { plan } = world
  if (code === 'FENCED_INSTANCE_ID') return plan.staticMembers
  // Whether it is true is judged by an invariant.
  if (code === 'COMMIT_FAILED') return true
  const { everything } = plan
  if (everything === undefined) return false
  const { topics, consumer, truncation, topicIsMadeAgain, jumps } = everything
  const moves = truncation || topicIsMadeAgain
  const stops = topics.some((t) => t.settings.exhausted === 'stop')
  switch (code) {
    case 'HANDLER_FAILED':
      // A commit in a handler takes as long as it takes.
      return stops && (!world.calmForMs(3_000) || (world.mode === 'manual' && topics.some((t) => t.settings.timeoutMs !== undefined)))
    case 'HANDLER_STUCK':
      return topics.some((t) => t.settings.timeoutMs !== undefined)
    case 'OFFSET_OUT_OF_RANGE':
      return consumer.outOfRange === 'fail' && (jumps || moves)
    case 'LOG_TRUNCATED':
      return consumer.outOfRange === 'fail' && moves
    case 'TOPIC_REPLACED':
    case 'UNKNOWN_TOPIC':
    case 'UNKNOWN_PARTITION':
      return moves
    case 'UNREACHABLE':
      return 'startTimeoutMs' in consumer
    case 'CLOSED':
      return member.kafkaClosed || member.ending
    // A dead letter that the cluster refuses for good.
    case 'DEAD_LETTER_FAILED':
      return isExpected(world, member, (error as Error).cause)
    default:
      return member.refusedWith.has(code)
  }
}
