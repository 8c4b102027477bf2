/**
 * A consumer group as programs in Go know it from Sarama: a handler with `setup`, `cleanup` and `consumeClaim`, in a
 * loop that joins again after every rebalance.
 */
export { type Client, newClient } from './client.ts'
export { type Config, type InitialOffset, offsetNewest, offsetOldest } from './config.ts'
export { type ConsumeOptions, ConsumerGroup, newConsumerGroup, type Partitions } from './group.ts'
export type { ConsumerGroupClaim, ConsumerGroupHandler, ConsumerGroupSession } from './session.ts'
