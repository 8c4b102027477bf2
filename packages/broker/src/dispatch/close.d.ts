/** Thrown by a handler that has no way to answer: the connection is closed, as Kafka does it, and nobody is to blame. */
export declare class CloseConnection extends Error {
  readonly name = 'CloseConnection'
}
