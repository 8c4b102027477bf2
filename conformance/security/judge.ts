/**
 * TLS and SASL between strangers: clients of Java, Python and librdkafka on our broker, and our client on Apache
 * Kafka, each with the right credentials and with wrong ones; and what is not a handshake at all.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { kafkaJars, NEWEST } from '../kafka/jars.ts'
import type { Report } from '../report.ts'
import { NotToBeHad } from '../tools.ts'
import { damagedHandshakes } from './handshakes.ts'
import { javaOnOurs } from './java.ts'
import { oursOnKafka } from './ours.ts'
import { makeCertificates } from './parties.ts'
import { pythonOnOurs } from './python.ts'

export async function judge(report: Report, full: boolean): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-security-'))
  try {
    const certificates = await makeCertificates()
    await damagedHandshakes(report, certificates, full ? 10_000 : 1_000)
    await orSkipped(report, "Python's clients", () => pythonOnOurs(report, folder, certificates))
    kafkaJars(NEWEST)
    await javaOnOurs(report, folder, certificates, full)
    await oursOnKafka(report, certificates, full)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function orSkipped(report: Report, name: string, act: () => Promise<void>): Promise<void> {
  try {
    await act()
  } catch (error) {
    if (!(error instanceof NotToBeHad)) throw error
    report.skip(name, error.message)
  }
}
