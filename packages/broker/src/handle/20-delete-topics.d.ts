export declare const deleteTopics: import('../dispatch/handler.ts').Handler<
  import('@tidemark/protocol').Api<
    {
      readonly topics: import('@tidemark/protocol').Field<
        import('@tidemark/protocol').Rows<{
          readonly name: import('@tidemark/protocol').Field<string | null, 'optional'>
          readonly topicId: import('@tidemark/protocol').Field<string, 'required'>
        }>,
        'optional'
      >
      readonly topicNames: import('@tidemark/protocol').Field<string[], 'optional'>
      readonly timeoutMs: import('@tidemark/protocol').Field<number, 'required'>
    },
    {
      readonly throttleTimeMs: import('@tidemark/protocol').Field<number, 'optional'>
      readonly responses: import('@tidemark/protocol').Field<
        import('@tidemark/protocol').Rows<{
          readonly name: import('@tidemark/protocol').Field<string | null, 'required'>
          readonly topicId: import('@tidemark/protocol').Field<string, 'optional'>
          readonly errorCode: import('@tidemark/protocol').Field<number, 'required'>
          readonly errorMessage: import('@tidemark/protocol').Field<string | null, 'optional'>
        }>,
        'required'
      >
    }
  >
>
