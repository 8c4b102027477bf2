export declare const fetch: import('../dispatch/handler.ts').Handler<
  import('@tidemark/protocol').Api<
    {
      readonly clusterId: import('@tidemark/protocol').Field<string | null, 'optional'>
      readonly replicaId: import('@tidemark/protocol').Field<number, 'optional'>
      readonly replicaState: import('@tidemark/protocol').Field<
        import('@tidemark/protocol').Struct<{
          readonly replicaId: import('@tidemark/protocol').Field<number, 'optional'>
          readonly replicaEpoch: import('@tidemark/protocol').Field<bigint, 'optional'>
        }>,
        'optional'
      >
      readonly maxWaitMs: import('@tidemark/protocol').Field<number, 'required'>
      readonly minBytes: import('@tidemark/protocol').Field<number, 'required'>
      readonly maxBytes: import('@tidemark/protocol').Field<number, 'optional'>
      readonly isolationLevel: import('@tidemark/protocol').Field<number, 'optional'>
      readonly sessionId: import('@tidemark/protocol').Field<number, 'optional'>
      readonly sessionEpoch: import('@tidemark/protocol').Field<number, 'optional'>
      readonly topics: import('@tidemark/protocol').Field<
        import('@tidemark/protocol').Rows<{
          readonly topic: import('@tidemark/protocol').Field<string, 'optional'>
          readonly topicId: import('@tidemark/protocol').Field<string, 'optional'>
          readonly partitions: import('@tidemark/protocol').Field<
            import('@tidemark/protocol').Rows<{
              readonly partition: import('@tidemark/protocol').Field<number, 'required'>
              readonly currentLeaderEpoch: import('@tidemark/protocol').Field<number, 'optional'>
              readonly fetchOffset: import('@tidemark/protocol').Field<number, 'required'>
              readonly lastFetchedEpoch: import('@tidemark/protocol').Field<number, 'optional'>
              readonly logStartOffset: import('@tidemark/protocol').Field<number, 'optional'>
              readonly partitionMaxBytes: import('@tidemark/protocol').Field<number, 'required'>
              readonly replicaDirectoryId: import('@tidemark/protocol').Field<string, 'optional'>
              readonly highWatermark: import('@tidemark/protocol').Field<bigint, 'optional'>
            }>,
            'required'
          >
        }>,
        'required'
      >
      readonly forgottenTopicsData: import('@tidemark/protocol').Field<
        import('@tidemark/protocol').Rows<{
          readonly topic: import('@tidemark/protocol').Field<string, 'optional'>
          readonly topicId: import('@tidemark/protocol').Field<string, 'optional'>
          readonly partitions: import('@tidemark/protocol').Field<number[], 'required'>
        }>,
        'optional'
      >
      readonly rackId: import('@tidemark/protocol').Field<string, 'optional'>
    },
    {
      readonly throttleTimeMs: import('@tidemark/protocol').Field<number, 'optional'>
      readonly errorCode: import('@tidemark/protocol').Field<number, 'optional'>
      readonly sessionId: import('@tidemark/protocol').Field<number, 'optional'>
      readonly responses: import('@tidemark/protocol').Field<
        import('@tidemark/protocol').Rows<{
          readonly topic: import('@tidemark/protocol').Field<string, 'optional'>
          readonly topicId: import('@tidemark/protocol').Field<string, 'optional'>
          readonly partitions: import('@tidemark/protocol').Field<
            import('@tidemark/protocol').Rows<{
              readonly partitionIndex: import('@tidemark/protocol').Field<number, 'required'>
              readonly errorCode: import('@tidemark/protocol').Field<number, 'required'>
              readonly highWatermark: import('@tidemark/protocol').Field<number, 'required'>
              readonly lastStableOffset: import('@tidemark/protocol').Field<number, 'optional'>
              readonly logStartOffset: import('@tidemark/protocol').Field<number, 'optional'>
              readonly divergingEpoch: import('@tidemark/protocol').Field<
                import('@tidemark/protocol').Struct<{
                  readonly epoch: import('@tidemark/protocol').Field<number, 'optional'>
                  readonly endOffset: import('@tidemark/protocol').Field<number, 'optional'>
                }>,
                'optional'
              >
              readonly currentLeader: import('@tidemark/protocol').Field<
                import('@tidemark/protocol').Struct<{
                  readonly leaderId: import('@tidemark/protocol').Field<number, 'optional'>
                  readonly leaderEpoch: import('@tidemark/protocol').Field<number, 'optional'>
                }>,
                'optional'
              >
              readonly snapshotId: import('@tidemark/protocol').Field<
                import('@tidemark/protocol').Struct<{
                  readonly endOffset: import('@tidemark/protocol').Field<number, 'optional'>
                  readonly epoch: import('@tidemark/protocol').Field<number, 'optional'>
                }>,
                'optional'
              >
              readonly abortedTransactions: import('@tidemark/protocol').Field<
                | import('@tidemark/protocol').Rows<{
                    readonly producerId: import('@tidemark/protocol').Field<bigint, 'required'>
                    readonly firstOffset: import('@tidemark/protocol').Field<number, 'required'>
                  }>
                | null,
                'required'
              >
              readonly preferredReadReplica: import('@tidemark/protocol').Field<number, 'optional'>
              readonly records: import('@tidemark/protocol').Field<import('@tidemark/protocol').Records | null, 'required'>
            }>,
            'required'
          >
        }>,
        'required'
      >
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
