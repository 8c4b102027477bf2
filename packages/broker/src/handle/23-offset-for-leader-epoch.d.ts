export declare const offsetForLeaderEpoch: import('../dispatch/handler.ts').Handler<
  import('@tidemark/protocol').Api<
    {
      readonly replicaId: import('@tidemark/protocol').Field<number, 'optional'>
      readonly topics: import('@tidemark/protocol').Field<
        import('@tidemark/protocol').Rows<{
          readonly topic: import('@tidemark/protocol').Field<string, 'required'>
          readonly partitions: import('@tidemark/protocol').Field<
            import('@tidemark/protocol').Rows<{
              readonly partition: import('@tidemark/protocol').Field<number, 'required'>
              readonly currentLeaderEpoch: import('@tidemark/protocol').Field<number, 'optional'>
              readonly leaderEpoch: import('@tidemark/protocol').Field<number, 'required'>
            }>,
            'required'
          >
        }>,
        'required'
      >
    },
    {
      readonly throttleTimeMs: import('@tidemark/protocol').Field<number, 'optional'>
      readonly topics: import('@tidemark/protocol').Field<
        import('@tidemark/protocol').Rows<{
          readonly topic: import('@tidemark/protocol').Field<string, 'required'>
          readonly partitions: import('@tidemark/protocol').Field<
            import('@tidemark/protocol').Rows<{
              readonly errorCode: import('@tidemark/protocol').Field<number, 'required'>
              readonly partition: import('@tidemark/protocol').Field<number, 'required'>
              readonly leaderEpoch: import('@tidemark/protocol').Field<number, 'optional'>
              readonly endOffset: import('@tidemark/protocol').Field<number, 'optional'>
            }>,
            'required'
          >
        }>,
        'required'
      >
    }
  >
>
