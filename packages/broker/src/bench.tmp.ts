import { fork } from 'node:child_process'
import net from 'node:net'
import { startBroker } from './broker.ts'
import { RawClient, batchOf } from './testing/index.ts'
import { apis, encodeRequest } from '@tidemark/protocol'
if (process.argv[2] === 'broker') {
  const broker = await startBroker({ data: process.argv[3]!, memoryBytesMax: 2 ** 31 })
  let last = process.cpuUsage()
  process.on('message', (m) => { if (m === 'cpu') { const u = process.cpuUsage(last); last = process.cpuUsage(); process.send!({ user: u.user / 1e6, sys: u.system / 1e6, rss: process.memoryUsage().rss / 1e6 }) } else void broker.close().then(() => process.disconnect()) })
  process.send!({ port: broker.port })
} else {
  for (const data of (process.argv[2] ?? '/tmp/bench/d').split(',')) {
    const child = fork(import.meta.filename, ['broker', data], { execArgv: [...process.execArgv, ...(process.env.PROF ? ['--cpu-prof', '--cpu-prof-dir=/tmp/bench/prof'] : [])] })
    const next = () => new Promise<any>((r) => child.once('message', r))
    const { port } = await next()
    const cpu = async () => { const n = next(); child.send('cpu'); return n }
    const client = await RawClient.connect({ host: '127.0.0.1', port })
    await client.call(apis.CreateTopics, 7, { topics: [{ name: 't', numPartitions: 6, replicationFactor: 1, assignments: [], configs: [] }] })
    const values = Array.from({ length: 900 }, () => 'x'.repeat(1000))
    const batch = batchOf({ values })
    for (let round = 0; round < 3; round++) {
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
      let c = await cpu()
      console.log('produce', (mb / s).toFixed(0), 'MB/s cpu s/GB', ((c.user + c.sys) / mb * 1000).toFixed(2), 'user', c.user.toFixed(2), 'sys', c.sys.toFixed(2), 'rss', c.rss)
    }
    // counting client
    for (let round = 0; round < 3; round++) {
      await cpu()
      const t0 = performance.now()
      let got = 0
      await new Promise<void>((resolve) => {
        const offs = [0, 0, 0, 0, 0, 0]
        const s = net.connect(port, '127.0.0.1')
        const ask = () => { for (const c of encodeRequest(apis.Fetch, 11, 1, 'x', { maxWaitMs: 0, minBytes: 1, maxBytes: 50e6, topics: [{ topic: 't', partitions: offs.map((fetchOffset, partition) => ({ partition, fetchOffset, partitionMaxBytes: 1 << 20 })) }] } as any)) s.write(c) }
        let left = -1, head = Buffer.alloc(0), size = 0
        s.on('data', (d) => {
          got += d.length
          while (d.length) {
            if (left < 0) { head = Buffer.concat([head, d]); if (head.length < 4) return; left = size = head.readInt32BE(0); d = head.subarray(4); head = Buffer.alloc(0) }
            const n = Math.min(left, d.length); left -= n; d = d.subarray(n)
            if (left === 0) { left = -1; if (size < 3000) { s.destroy(); resolve(); return } for (let i = 0; i < 6; i++) offs[i]! += 900; ask() }
          }
        })
        ask()
      })
      const s = (performance.now() - t0) / 1000
      const c = await cpu()
      console.log('consume', (got / 1e6 / s).toFixed(0), 'MB/s cpu s/GB', ((c.user + c.sys) / got * 1e9).toFixed(2), 'user', c.user.toFixed(2), 'sys', c.sys.toFixed(2), 'rss', c.rss)
    }
    child.send('close'); await new Promise((r) => child.once('exit', r))
    client.end()
  }
}
