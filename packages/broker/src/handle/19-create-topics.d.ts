export declare const createTopics: import('../dispatch/handler.ts').Handler<
  import('@tidemark/protocol').Api<
    {
      readonly topics: import('@tidemark/protocol').Field<
        import('@tidemark/protocol').Rows<{
          readonly name: import('@tidemark/protocol').Field<string, 'required'>
          readonly numPartitions: import('@tidemark/protocol').Field<number, 'required'>
          readonly replicationFactor: import('@tidemark/protocol').Field<number, 'required'>
          readonly assignments: import('@tidemark/protocol').Field<
            import('@tidemark/protocol').Rows<{
              readonly partitionIndex: import('@tidemark/protocol').Field<number, 'required'>
              readonly brokerIds: import('@tidemark/protocol').Field<number[], 'required'>
            }>,
            'required'
          >
          readonly configs: import('@tidemark/protocol').Field<
            import('@tidemark/protocol').Rows<{
              readonly name: import('@tidemark/protocol').Field<string, 'required'>
              readonly value: import('@tidemark/protocol').Field<string | null, 'required'>
            }>,
            'required'
          >
        }>,
        'required'
      >
      readonly timeoutMs: import('@tidemark/protocol').Field<number, 'optional'>
      readonly validateOnly: import('@tidemark/protocol').Field<boolean, 'optional'>
    },
    {
      readonly throttleTimeMs: import('@tidemark/protocol').Field<number, 'optional'>
      readonly topics: import('@tidemark/protocol').Field<
        import('@tidemark/protocol').Rows<{
          readonly name: import('@tidemark/protocol').Field<string, 'required'>
          readonly topicId: import('@tidemark/protocol').Field<string, 'optional'>
          readonly errorCode: import('@tidemark/protocol').Field<number, 'required'>
          readonly errorMessage: import('@tidemark/protocol').Field<string | null, 'optional'>
          readonly topicConfigErrorCode: import('@tidemark/protocol').Field<number, 'optional'>
          readonly numPartitions: import('@tidemark/protocol').Field<number, 'optional'>
          readonly replicationFactor: import('@tidemark/protocol').Field<number, 'optional'>
          readonly configs: import('@tidemark/protocol').Field<
            | import('@tidemark/protocol').Rows<{
                readonly name: import('@tidemark/protocol').Field<string, 'required'>
                readonly value: import('@tidemark/protocol').Field<string | null, 'required'>
                readonly readOnly: import('@tidemark/protocol').Field<boolean, 'required'>
                readonly configSource: import('@tidemark/protocol').Field<number, 'optional'>
                readonly isSensitive: import('@tidemark/protocol').Field<boolean, 'required'>
              }>
            | null,
            'optional'
          >
        }>,
        'required'
      >
    }
  >
>
