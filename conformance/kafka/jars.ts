/**
 * Apache Kafka as Maven Central has it: the broker's and the tools' jars of one version, copied once into the cache
 * outside the repository. The folder is complete or absent: Maven fills another one, which is then renamed.
 */
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { CACHE, obtain } from '../tools.ts'

export type KafkaVersion = '4.3.1' | '3.9.1'
/** The one that a judge takes unless it says why not. */
export const NEWEST = '4.3.1' satisfies KafkaVersion
export const OLDEST = '3.9.1' satisfies KafkaVersion
/** The versions of a full run, and of its slice. */
export const versionsOf = (full: boolean): readonly KafkaVersion[] => (full ? [NEWEST, OLDEST] : [NEWEST])

const pom = (version: KafkaVersion): string => `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion><groupId>dev.tidemark</groupId><artifactId>conformance</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${version}</version></dependency>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka-tools</artifactId><version>${version}</version></dependency>
  </dependencies>
</project>
`

/** The class path of this version, and a Java that can run it. */
export function kafkaJars(version: KafkaVersion): string {
  obtain('java', ['-version'])
  const folder = path.join(CACHE, `kafka-${version}`)
  const libs = path.join(folder, 'libs')
  if (!existsSync(libs)) {
    const filling = path.join(folder, 'filling')
    rmSync(filling, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    writeFileSync(path.join(folder, 'pom.xml'), pom(version))
    const args = ['-q', '-B', 'dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${filling}`]
    obtain('mvn', args, { cwd: folder })
    renameSync(filling, libs)
  }
  return path.join(libs, '*')
}

const TOOLS: Readonly<Record<string, string>> = {
  'kafka-acls.sh': 'org.apache.kafka.tools.AclCommand',
  'kafka-topics.sh': 'org.apache.kafka.tools.TopicCommand',
  'kafka-consumer-groups.sh': 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand',
  'kafka-console-consumer.sh': 'org.apache.kafka.tools.consumer.ConsoleConsumer',
}

/** A folder in which `bin/kafka-topics.sh` is Kafka's own tool, as suites call it. */
export function kafkaShell(version: KafkaVersion): string {
  const classPath = kafkaJars(version)
  const folder = path.join(CACHE, `kafka-${version}`, 'shell')
  mkdirSync(path.join(folder, 'bin'), { recursive: true })
  for (const [name, mainClass] of Object.entries(TOOLS)) {
    const line = `exec java -Xmx256m -XX:TieredStopAtLevel=1 -cp '${classPath}' ${mainClass} "$@"`
    writeFileSync(path.join(folder, 'bin', name), `#!/bin/sh\n${line}\n`, { mode: 0o755 })
  }
  return folder
}
