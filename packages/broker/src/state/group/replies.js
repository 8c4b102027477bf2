/** What a group answers, before a handler fits it to a version. */
import { ErrorCode } from '@tidemark/protocol';
import { EMPTY_BYTES } from './member.js';
export const joinError = (errorCode, memberId) => ({
    errorCode,
    generationId: -1,
    protocolType: null,
    protocolName: null,
    leader: '',
    skipAssignment: false,
    memberId,
    members: [],
});
export const syncError = (errorCode) => ({
    errorCode,
    protocolType: null,
    protocolName: null,
    assignment: EMPTY_BYTES,
});
export const leaveReply = (members) => ({ errorCode: ErrorCode.NONE, members });
export const leaveError = (errorCode) => ({ errorCode, members: [] });
