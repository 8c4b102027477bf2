import { execFile } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { plants } from './index.ts'

describe('a bug planted in the real files is noticed within 100 seeds', () => {
  const main = new URL('../main.ts', import.meta.url).pathname
  test.concurrent.each(plants)('$name', async ({ name, seed, isPlain = false, nodes = 1 }) => {
    const seeds = [isPlain ? '--plain' : '--everything', '--seeds', '100', '--from', String(seed), '--nodes', String(nodes), '--first']
    const args = ['--conditions=@tidemark/source', main, ...seeds, '--plant', name]
    const { code, output } = await new Promise<{ code: number; output: string }>((resolve) => {
      execFile(process.execPath, args, (error, stdout, stderr) => resolve({ code: Number(error?.code ?? 0), output: stdout + stderr }))
    })
    expect(output).toMatch(/^seed \d+: /m)
    expect(code).toBe(1)
  })
})
