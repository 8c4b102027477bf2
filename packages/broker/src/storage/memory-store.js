import { MemoryBudget, MemoryLog } from './memory-log.js'
export class MemoryStore {
  clusterId
  #budget
  #logs = new Map()
  constructor(clusterId, bytesMax) {
    this.clusterId = clusterId
    this.#budget = new MemoryBudget(bytesMax)
  }
  open(name, limits, events) {
    const log = new MemoryLog(this.#budget, limits, events)
    this.#logs.set(name, log)
    return log
  }
  list() {
    return []
  }
  remove(name) {
    this.#logs.get(name)?.drop()
    this.#logs.delete(name)
  }
  readSmall() {}
  async writeSmall() {}
  async close() {
    this.abandon()
  }
  abandon() {
    this.#logs.clear()
  }
}
