/** Appends what a producer sent to one partition: judged, checked against what the producer sent before, stamped, written. */
import { TidemarkError } from '@tidemark/platform';
import { ErrorCode, readBatchHeader, WireError } from '@tidemark/protocol';
import { after, isLater } from '../now.js';
import { recompress, stampAppendTime } from '../state/log/rewrite.js';
import { judge } from '../state/log/validate.js';
export const refusedProduce = (code, message = null, recordErrors = []) => ({
    code,
    baseOffset: -1,
    logAppendTimeMs: -1,
    logStartOffset: -1,
    message,
    recordErrors,
});
/** Finished once the batch is as safe as `fsync` promises. Never throws. */
export function append(partition, settings, records, context) {
    if (context.acks === -1 && settings.insyncReplicasMin > 1) {
        return refusedProduce(ErrorCode.NOT_ENOUGH_REPLICAS, `min.insync.replicas is ${settings.insyncReplicasMin}, and there is one replica`);
    }
    const judged = judge(records, { ...settings, version: context.version, nowMs: context.nowMs });
    if (judged.kind === 'bad')
        return refusedProduce(judged.code, judged.message, judged.recordErrors);
    const appended = after(partition.state(), () => appendChecked(partition, settings, records, judged.header, context.nowMs));
    return isLater(appended) ? appended.catch(refusalOf) : appended;
}
function refusalOf(error) {
    if (error instanceof TidemarkError)
        return refusedProduce(ErrorCode.KAFKA_STORAGE_ERROR, error.message);
    if (error instanceof WireError)
        return refusedProduce(ErrorCode.INVALID_RECORD, error.message);
    throw error;
}
function appendChecked(partition, settings, records, arrived, nowMs) {
    if (partition.deleted)
        return refusedProduce(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    const done = (baseOffset, logAppendTimeMs) => ({
        code: ErrorCode.NONE,
        baseOffset,
        logAppendTimeMs,
        logStartOffset: partition.start,
        message: null,
        recordErrors: [],
    });
    if (arrived.producerId >= 0n) {
        const verdict = partition.check(arrived);
        switch (verdict.kind) {
            case 'duplicate':
                return after(partition.settled(), () => done(verdict.batch.baseOffset, settings.logAppendTime ? verdict.batch.timestampMs : -1));
            case 'fenced':
                return refusedProduce(ErrorCode.INVALID_PRODUCER_EPOCH, `producer ${arrived.producerId} has a newer epoch than ${arrived.producerEpoch}`);
            case 'outOfOrder':
                return refusedProduce(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER, `producer ${arrived.producerId} sent sequence ${arrived.baseSequence}; ${verdict.expected} comes next`);
        }
    }
    try {
        let batch = recompress(records, arrived, settings.compression);
        if (settings.logAppendTime)
            batch = stampAppendTime(batch, nowMs);
        const header = settings.logAppendTime || batch !== records ? readBatchHeader(batch) : arrived;
        const { baseOffset, durable } = partition.append(batch, header);
        return after(durable, () => done(baseOffset, settings.logAppendTime ? nowMs : -1));
    }
    catch (error) {
        return refusalOf(error);
    }
}
