/** Thrown by a handler that has no way to answer: the connection is closed, as Kafka does it, and nobody is to blame. */
export class CloseConnection extends Error {
  override readonly name = 'CloseConnection'
}
