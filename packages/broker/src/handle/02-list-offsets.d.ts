export declare const listOffsets: import('../dispatch/handler.ts').Handler<
  import('@tidemark/protocol').Api<
    {
      readonly replicaId: import('@tidemark/protocol').Field<number, 'required'>
      readonly isolationLevel: import('@tidemark/protocol').Field<number, 'optional'>
      readonly topics: import('@tidemark/protocol').Field<
        import('@tidemark/protocol').Rows<{
          readonly name: import('@tidemark/protocol').Field<string, 'required'>
          readonly partitions: import('@tidemark/protocol').Field<
            import('@tidemark/protocol').Rows<{
              readonly partitionIndex: import('@tidemark/protocol').Field<number, 'required'>
              readonly currentLeaderEpoch: import('@tidemark/protocol').Field<number, 'optional'>
              readonly timestamp: import('@tidemark/protocol').Field<number, 'required'>
              readonly maxNumOffsets: import('@tidemark/protocol').Field<number, 'optional'>
            }>,
            'required'
          >
        }>,
        'required'
      >
      readonly timeoutMs: import('@tidemark/protocol').Field<number, 'optional'>
    },
    {
      readonly throttleTimeMs: import('@tidemark/protocol').Field<number, 'optional'>
      readonly topics: import('@tidemark/protocol').Field<
        import('@tidemark/protocol').Rows<{
          readonly name: import('@tidemark/protocol').Field<string, 'required'>
          readonly partitions: import('@tidemark/protocol').Field<
            import('@tidemark/protocol').Rows<{
              readonly partitionIndex: import('@tidemark/protocol').Field<number, 'required'>
              readonly errorCode: import('@tidemark/protocol').Field<number, 'required'>
              readonly oldStyleOffsets: import('@tidemark/protocol').Field<number[], 'optional'>
              readonly timestamp: import('@tidemark/protocol').Field<number, 'optional'>
              readonly offset: import('@tidemark/protocol').Field<number, 'optional'>
              readonly leaderEpoch: import('@tidemark/protocol').Field<number, 'optional'>
            }>,
            'required'
          >
        }>,
        'required'
      >
    }
  >
>
