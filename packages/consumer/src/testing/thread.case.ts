/** The program of the threads in workers.e2e.test.ts: what a record's value says, is done. */
import { existsSync, writeFileSync } from 'node:fs'
import { threadId } from 'node:worker_threads'
import { serveWorker } from '../work/workers/serve.ts'

serveWorker(async (message, context) => {
  const [what, of] = message.value!.toString().split(' ')
  switch (what) {
    case 'who':
      throw Object.assign(new Error(`${threadId} ${context.id} ${context.attempt}/${context.attemptsMax}`), { code: 'WHO' })
    case 'echo':
      throw new RangeError(
        `${message.topic} ${message.partition} ${message.offset} ${message.key} ${message.header('h')} ${message.timestampMs}`,
      )
    case 'exit':
      return process.exit(7)
    case 'throw-later':
      setImmediate(() => {
        throw new Error('outside of the handler')
      })
      return await new Promise(() => {})
    case 'exit-once':
      if (context.attempt === 1) process.exit(7)
      return
    case 'hoard': {
      const hoard: number[][] = []
      for (;;) hoard.push(new Array(100_000).fill(hoard.length))
    }
    case 'skip':
      return context.skip('not wanted')
    case 'dead':
      return context.deadLetter(new TypeError('no such customer'))
    case 'spin-until-aborted':
      while (!context.signal.aborted);
      throw new Error(`aborted: ${context.signal.reason}`)
    case 'spin-for-ever':
      for (;;);
    case 'wait':
      return await new Promise((_, reject) => {
        context.signal.addEventListener('abort', () => reject(new Error(`aborted: ${context.signal.reason}`)))
      })
    case 'busy':
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(of))
      return
    case 'busy-until':
      writeFileSync(`${of}/begun`, '')
      while (!existsSync(`${of}/enough`));
      return
    case 'not-an-error':
      throw `just text`
  }
})
