/**
 * FindCoordinator 0 to 6. v1 kind of key, message · v3 flexible · v4 several keys · v5 transactions of version 2 · v6 share groups.
 * This node coordinates every group. There are no transactions here, so their coordinator cannot be had.
 */
import { apis, ErrorCode, errorOf } from '@tidemark/protocol';
import { handler } from '../dispatch/handler.js';
const GROUP = 0;
const TRANSACTION = 1;
const KEYS_FROM = 4;
export const findCoordinator = handler(apis.FindCoordinator, { versions: [0, 6] }, (request, context) => {
    const { keyType } = request;
    if (context.version >= KEYS_FROM)
        return { coordinators: request.coordinatorKeys.map((key) => coordinatorOf(key, keyType, context)) };
    const { key: _, ...coordinator } = coordinatorOf(request.key, keyType, context);
    return coordinator;
});
function coordinatorOf(key, keyType, { services, advertised }) {
    const errorCode = errorCodeOf(key, keyType);
    if (errorCode !== ErrorCode.NONE)
        return { key, nodeId: -1, host: '', port: -1, errorCode, errorMessage: messageOf(errorCode) };
    const { host, port } = advertised;
    return { key, nodeId: services.options.nodeId, host, port, errorCode, errorMessage: '' };
}
function errorCodeOf(key, keyType) {
    if (keyType === GROUP)
        return key === '' ? ErrorCode.INVALID_GROUP_ID : ErrorCode.NONE;
    return keyType === TRANSACTION ? ErrorCode.COORDINATOR_NOT_AVAILABLE : ErrorCode.INVALID_REQUEST;
}
const messageOf = (errorCode) => {
    const { text, name } = errorOf(errorCode);
    return text === '' ? name : text;
};
