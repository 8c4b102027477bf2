/** Tests for Kafka programs: a broker in memory, faults, and simulated crashes of your own handlers. */
export { TidemarkError } from '@tidemark/platform'
export { crashTest } from './crash/crash-test.ts'
export type { CrashTestOptions, CrashTestReport, Service, ServiceTools } from './crash/options.ts'
export type { ApiName, DelayOptions, DropOptions, FailOptions, Fault, FaultFilter, Faults } from './faults/rules.ts'
export { type Hooks, useTestKafka } from './fixture/hooks.ts'
export {
  type CommittedOptions,
  type ProducedOptions,
  type SeedOptions,
  startTestKafka,
  type TestKafka,
  type TestKafkaOptions,
  type WaitOptions,
} from './fixture/test-kafka.ts'
