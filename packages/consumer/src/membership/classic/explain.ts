import { TidemarkError } from '@tidemark/platform'
import { ErrorCode, type ErrorName, errorOf } from '@tidemark/protocol'
import type { MemberOptions } from './member.ts'

/** Why the group does not take the member, and what to do about it. */
export function explainRefusal(name: ErrorName, options: MemberOptions, cause: TidemarkError | undefined): TidemarkError {
  return new TidemarkError(name, textOf(name, options), cause?.code === name ? { cause } : {})
}

function textOf(name: ErrorName, { group, instanceId, assignors, sessionTimeoutMs, topics }: MemberOptions): string {
  switch (name) {
    case 'FENCED_INSTANCE_ID':
      return `another process has joined group '${group}' as instance '${instanceId}'; give each process an instanceId of its own`
    case 'INCONSISTENT_GROUP_PROTOCOL':
      return `group '${group}' has members that share no assignor with this one (${assignors.join(', ')}); name the one they use in 'assignors'`
    case 'INVALID_SESSION_TIMEOUT':
      return `the broker does not allow a sessionTimeoutMs of ${sessionTimeoutMs} (group.min.session.timeout.ms to group.max.session.timeout.ms)`
    case 'GROUP_AUTHORIZATION_FAILED':
      return `this client is not allowed to use group '${group}'`
    case 'TOPIC_AUTHORIZATION_FAILED':
      return `this client is not allowed to read ${topics.map((t) => `'${t}'`).join(', ')}`
    default:
      return `group '${group}' cannot be joined: ${name} (${errorOf(ErrorCode[name]).text})`
  }
}
