/** Thrown by a handler that cannot answer: the connection is closed, as Kafka does it, and no bug is reported. */
export class CloseConnection extends Error {
  override readonly name = 'CloseConnection'
}
