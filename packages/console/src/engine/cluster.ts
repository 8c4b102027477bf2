/** Nodes, features, quorum and access, each as far as the cluster tells them. */
import { type CallLimits, createAdmin, type Kafka, TidemarkError } from '@tidemark/client'
import { LOST_CODES } from '@tidemark/client/internal'
import type { ClusterDetails, Unavailable } from '../shapes.ts'

export async function clusterDetails(kafka: Kafka, limits: CallLimits): Promise<ClusterDetails> {
  const { cluster, acls } = createAdmin(kafka)
  const [described, features, quorum, dirs, access] = await Promise.all([
    cluster.describe(limits),
    cluster.features(limits),
    told(cluster.quorum(limits)),
    told(cluster.logDirs(limits)),
    told(acls.list({}, limits), { SECURITY_DISABLED: 'The cluster has no authorizer: it allows everything to everyone who can connect.' }),
  ])
  const bytesOf = (node: number): number | null =>
    'unavailable' in dirs
      ? null
      : dirs.filter((d) => d.node === node).reduce((sum, d) => sum + d.partitions.reduce((all, p) => all + p.bytes, 0), 0)
  return {
    clusterId: described.clusterId,
    controller: described.controller,
    nodes: described.nodes.map(({ id, host, port, rack }) => ({ id, host, port, rack, bytes: bytesOf(id) })),
    features: features.map(({ name, supported, finalized }) => ({
      name,
      min: supported?.[0] ?? null,
      max: supported?.[1] ?? null,
      finalized: finalized ?? null,
    })),
    quorum:
      'unavailable' in quorum
        ? quorum
        : { leader: quorum.leader, voters: quorum.voters.map((v) => v.id), observers: quorum.observers.map((o) => o.id) },
    acls: 'unavailable' in access ? access : access.map((acl) => ({ ...acl })),
  }
}

/**
 * An answer of a part of the cluster that may have it switched off, or hide it; the rest of the page stands without.
 */
async function told<T extends object>(answer: Promise<T>, texts: Readonly<Record<string, string>> = {}): Promise<T | Unavailable> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof TidemarkError && !ENDS_THE_CALL.has(error.code)) return { unavailable: texts[error.code] ?? error.message }
    throw error
  }
}

const ENDS_THE_CALL: ReadonlySet<string> = new Set(['ABORTED', 'CLOSED', ...LOST_CODES])
