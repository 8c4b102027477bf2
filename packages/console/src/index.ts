/** The console: offsets of a Kafka cluster in the browser, served from a process of yours. */
export { type Console, startConsole } from './console.ts'
export type { ConsoleOptions } from './options.ts'
