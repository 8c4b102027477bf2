export declare const metadata: import('../dispatch/handler.ts').Handler<
  import('@tidemark/protocol').Api<
    {
      readonly topics: import('@tidemark/protocol').Field<
        | import('@tidemark/protocol').Rows<{
            readonly topicId: import('@tidemark/protocol').Field<string, 'optional'>
            readonly name: import('@tidemark/protocol').Field<string | null, 'required'>
          }>
        | null,
        'required'
      >
      readonly allowAutoTopicCreation: import('@tidemark/protocol').Field<boolean, 'optional'>
      readonly includeClusterAuthorizedOperations: import('@tidemark/protocol').Field<boolean, 'optional'>
      readonly includeTopicAuthorizedOperations: import('@tidemark/protocol').Field<boolean, 'optional'>
    },
    {
      readonly throttleTimeMs: import('@tidemark/protocol').Field<number, 'optional'>
      readonly brokers: import('@tidemark/protocol').Field<
        import('@tidemark/protocol').Rows<{
          readonly nodeId: import('@tidemark/protocol').Field<number, 'required'>
          readonly host: import('@tidemark/protocol').Field<string, 'required'>
          readonly port: import('@tidemark/protocol').Field<number, 'required'>
          readonly rack: import('@tidemark/protocol').Field<string | null, 'optional'>
        }>,
        'required'
      >
      readonly clusterId: import('@tidemark/protocol').Field<string | null, 'optional'>
      readonly controllerId: import('@tidemark/protocol').Field<number, 'optional'>
      readonly topics: import('@tidemark/protocol').Field<
        import('@tidemark/protocol').Rows<{
          readonly errorCode: import('@tidemark/protocol').Field<number, 'required'>
          readonly name: import('@tidemark/protocol').Field<string | null, 'required'>
          readonly topicId: import('@tidemark/protocol').Field<string, 'optional'>
          readonly isInternal: import('@tidemark/protocol').Field<boolean, 'optional'>
          readonly partitions: import('@tidemark/protocol').Field<
            import('@tidemark/protocol').Rows<{
              readonly errorCode: import('@tidemark/protocol').Field<number, 'required'>
              readonly partitionIndex: import('@tidemark/protocol').Field<number, 'required'>
              readonly leaderId: import('@tidemark/protocol').Field<number, 'required'>
              readonly leaderEpoch: import('@tidemark/protocol').Field<number, 'optional'>
              readonly replicaNodes: import('@tidemark/protocol').Field<number[], 'required'>
              readonly isrNodes: import('@tidemark/protocol').Field<number[], 'required'>
              readonly offlineReplicas: import('@tidemark/protocol').Field<number[], 'optional'>
            }>,
            'required'
          >
          readonly topicAuthorizedOperations: import('@tidemark/protocol').Field<number, 'optional'>
        }>,
        'required'
      >
      readonly clusterAuthorizedOperations: import('@tidemark/protocol').Field<number, 'optional'>
      readonly errorCode: import('@tidemark/protocol').Field<number, 'optional'>
    }
  >
>
