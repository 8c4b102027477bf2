import { fork } from 'node:child_process'
import { startBroker } from './broker.ts'
import { RawClient, batchOf } from './testing/index.ts'
import { apis } from '@tidemark/protocol'
if (process.argv[2] === 'broker') {
  const broker = await startBroker({ data: process.argv[3]!, memoryBytesMax: 2 ** 31 })
  let last = process.cpuUsage()
  process.on('message', (m) => { if (m === 'cpu') { const u = process.cpuUsage(last); last = process.cpuUsage(); process.send!({ cpu: (u.user + u.system) / 1e6, rss: process.memoryUsage().rss / 1e6 }) } else void broker.close().then(() => process.disconnect()) })
  process.send!({ port: broker.port })
} else {
  for (const data of [':memory:', '/tmp/bench/data' + Date.now()]) {
    const child = fork(import.meta.filename, ['broker', data], { execArgv: [...process.execArgv, '--cpu-prof', '--cpu-prof-dir=/tmp/bench/prof'] })
    const next = () => new Promise<any>((r) => child.once('message', r))
    const { port } = await next()
    const cpu = async () => { const n = next(); child.send('cpu'); return n }
    const client = await RawClient.connect({ host: '127.0.0.1', port })
    await client.call(apis.CreateTopics, 7, { topics: [{ name: 't', numPartitions: 6, replicationFactor: 1, assignments: [], configs: [] }] })
    const values = Array.from({ length: 900 }, () => 'x'.repeat(1000))
    const batch = batchOf({ values })
    await cpu()
    let t0 = performance.now()
    const N = 600
    const pend: Promise<any>[] = []
    for (let i = 0; i < N; i++) {
      pend.push(client.send(apis.Produce, 9, { acks: -1, timeoutMs: 1, topicData: [{ name: 't', partitionData: [{ index: i % 6, records: batch }] }] }))
      if (pend.length >= 6) await pend.shift()
    }
    await Promise.all(pend)
    let s = (performance.now() - t0) / 1000; let mb = N * batch.length / 1e6
    console.log(data.slice(0, 9), 'produce 1KiB', (mb / s).toFixed(0), 'MB/s', JSON.stringify(await cpu()), 'cpu/GB', )
    t0 = performance.now()
    let got = 0
    const offs = [0, 0, 0, 0, 0, 0]
    for (;;) {
      const frame = await client.send(apis.Fetch, 11, { maxWaitMs: 0, minBytes: 1, maxBytes: 50e6, topics: [{ topic: 't', partitions: offs.map((fetchOffset, partition) => ({ partition, fetchOffset, partitionMaxBytes: 1 << 20 })) }] })
      if (frame.length < 2000) break
      got += frame.length
      for (let i = 0; i < 6; i++) offs[i]! += 900
    }
    s = (performance.now() - t0) / 1000
    console.log('consume', (got / 1e6 / s).toFixed(0), 'MB/s', got / 1e6, JSON.stringify(await cpu()))
    // small batches, sync round trips
    const one = batchOf({ values: ['x'.repeat(256)] })
    const lat: number[] = []
    for (let i = 0; i < 5000; i++) { const a = performance.now(); await client.send(apis.Produce, 9, { acks: -1, timeoutMs: 1, topicData: [{ name: 't', partitionData: [{ index: 0, records: one }] }] }); lat.push(performance.now() - a) }
    lat.sort((a, b) => a - b)
    console.log('produce rtt p50', lat[2500]!.toFixed(3), 'p99', lat[4950]!.toFixed(3), JSON.stringify(await cpu()))
    t0 = performance.now()
    child.send('close'); await new Promise((r) => child.once('exit', r))
    console.log('close', performance.now() - t0)
    client.end()
  }
}
