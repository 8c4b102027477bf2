export declare const initProducerId: import('../dispatch/handler.ts').Handler<
  import('@tidemark/protocol').Api<
    {
      readonly transactionalId: import('@tidemark/protocol').Field<string | null, 'required'>
      readonly transactionTimeoutMs: import('@tidemark/protocol').Field<number, 'required'>
      readonly producerId: import('@tidemark/protocol').Field<bigint, 'optional'>
      readonly producerEpoch: import('@tidemark/protocol').Field<number, 'optional'>
    },
    {
      readonly throttleTimeMs: import('@tidemark/protocol').Field<number, 'optional'>
      readonly errorCode: import('@tidemark/protocol').Field<number, 'required'>
      readonly producerId: import('@tidemark/protocol').Field<bigint, 'optional'>
      readonly producerEpoch: import('@tidemark/protocol').Field<number, 'required'>
    }
  >
>
