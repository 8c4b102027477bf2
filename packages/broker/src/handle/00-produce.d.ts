export declare const produce: import('../dispatch/handler.ts').Handler<
  import('@tidemark/protocol').Api<
    {
      readonly transactionalId: import('@tidemark/protocol').Field<string | null, 'optional'>
      readonly acks: import('@tidemark/protocol').Field<number, 'required'>
      readonly timeoutMs: import('@tidemark/protocol').Field<number, 'required'>
      readonly topicData: import('@tidemark/protocol').Field<
        import('@tidemark/protocol').Rows<{
          readonly name: import('@tidemark/protocol').Field<string, 'optional'>
          readonly topicId: import('@tidemark/protocol').Field<string, 'optional'>
          readonly partitionData: import('@tidemark/protocol').Field<
            import('@tidemark/protocol').Rows<{
              readonly index: import('@tidemark/protocol').Field<number, 'required'>
              readonly records: import('@tidemark/protocol').Field<import('@tidemark/protocol').Records | null, 'required'>
            }>,
            'required'
          >
        }>,
        'required'
      >
    },
    {
      readonly responses: import('@tidemark/protocol').Field<
        import('@tidemark/protocol').Rows<{
          readonly name: import('@tidemark/protocol').Field<string, 'optional'>
          readonly topicId: import('@tidemark/protocol').Field<string, 'optional'>
          readonly partitionResponses: import('@tidemark/protocol').Field<
            import('@tidemark/protocol').Rows<{
              readonly index: import('@tidemark/protocol').Field<number, 'required'>
              readonly errorCode: import('@tidemark/protocol').Field<number, 'required'>
              readonly baseOffset: import('@tidemark/protocol').Field<number, 'required'>
              readonly logAppendTimeMs: import('@tidemark/protocol').Field<number, 'optional'>
              readonly logStartOffset: import('@tidemark/protocol').Field<number, 'optional'>
              readonly recordErrors: import('@tidemark/protocol').Field<
                import('@tidemark/protocol').Rows<{
                  readonly batchIndex: import('@tidemark/protocol').Field<number, 'required'>
                  readonly batchIndexErrorMessage: import('@tidemark/protocol').Field<string | null, 'optional'>
                }>,
                'optional'
              >
              readonly errorMessage: import('@tidemark/protocol').Field<string | null, 'optional'>
              readonly currentLeader: import('@tidemark/protocol').Field<
                import('@tidemark/protocol').Struct<{
                  readonly leaderId: import('@tidemark/protocol').Field<number, 'optional'>
                  readonly leaderEpoch: import('@tidemark/protocol').Field<number, 'optional'>
                }>,
                'optional'
              >
            }>,
            'required'
          >
        }>,
        'required'
      >
      readonly throttleTimeMs: import('@tidemark/protocol').Field<number, 'optional'>
      readonly nodeEndpoints: import('@tidemark/protocol').Field<
        import('@tidemark/protocol').Rows<{
          readonly nodeId: import('@tidemark/protocol').Field<number, 'required'>
          readonly host: import('@tidemark/protocol').Field<string, 'required'>
          readonly port: import('@tidemark/protocol').Field<number, 'required'>
          readonly rack: import('@tidemark/protocol').Field<string | null, 'optional'>
        }>,
        'optional'
      >
    }
  >
>
