/**
 * Which numbers of librdkafka's test runner are played, on what broker, and why the others are not. Every number has
 * its place here.
 */
import type { StartOptions } from '@tidemark/broker'

export interface Round {
  readonly numbers: readonly string[]
  /** Where the broker differs from the defaults. */
  readonly options?: Partial<StartOptions>
  /** Fewer and smaller subtests. */
  readonly quick?: boolean
  readonly scenario?: 'noautocreate'
  /** Each is part of the names of subtests, and runs alone; unless given, all of them run. */
  readonly subtests?: readonly string[]
  /** What the runner takes the broker for; 4.3.0 unless given. */
  readonly version?: string
  /** They call Kafka's own tools. */
  readonly kafkaTools?: boolean
}

const list = (text: string): string[] => text.split(' ')

export const ROUNDS: readonly Round[] = [
  {
    numbers: list(
      '0001 0002 0003 0005 0007 0008 0011 0012 0013 0014 0015 0016 0017 0018 0019 0020 0021 0022 0026 0029 0030 0031 0033 0034 0035 0036 0038 ' +
        '0039 0040 0041 0042 0044 0045 0048 0049 0050 0051 0053 0054 0056 0057 0059 0060 0063 0064 0065 0067 0068 0069 0070 0073 0075 0076 0082 0083 ' +
        '0084 0085 0086 0088 0090 0091 0092 0093 0094 0099 0110 0112 0114 0122 0123 0125 0127 0130 0132 0140',
    ),
  },
  {
    numbers: ['0055'],
    subtests: ['standard settings', 'low linger', 'microsecond linger', 'high linger', 'linger.ms < 1000', 'no acks', 'idempotence'],
  },
  { numbers: ['0061'], subtests: ['without transactions'] },
  // They ask for two members in the group's first generation: with no delay the first one has it for itself for a
  // moment. It is Kafka's default.
  { numbers: list('0089 0102 0118'), options: { groupInitialRebalanceDelayMs: 3_000 } },
  {
    numbers: ['0113'],
    options: { groupInitialRebalanceDelayMs: 3_000 },
    subtests: list(
      'a_assign b_subscribe c_subscribe d_change e_change f_assign g_incremental h_delete i_delete j_delete k_add l_unsubscribe m_unsubscribe ' +
        'n_wildcard s_subscribe t_max_poll v_commit x_incremental',
    ),
  },
  // Six variations of more than half a minute each.
  {
    numbers: ['0113'],
    options: { groupInitialRebalanceDelayMs: 3_000 },
    subtests: [0, 1, 2].flatMap((n) => [
      `use_rebalance_cb: 1, subscription_variation: ${n}`,
      `use_rebalance_cb: 0, subscription_variation: ${n}`,
    ]),
  },
  { numbers: ['0137'], subtests: list('with_seek store_offset different_batch same_batch eof_position') },
  // On a machine so busy that timers are half a second late, static members outlive its sleep.
  { numbers: ['0081'], options: { authorizer: { superUsers: ['User:ANONYMOUS'] } } },
  // They forbid a topic to everyone by `kafka-acls.sh`, and nothing else has ACLs.
  {
    numbers: list('0109 0115 0119'),
    options: { authorizer: { superUsers: [], allowEveryoneIfNoAclFound: true } },
    kafkaTools: true,
  },
  { numbers: ['0101'], options: { nodes: 3, racks: ['RACK1', 'RACK2', 'RACK3'], replicaSelector: 'rack-aware' } },
  { numbers: list('0107 0111'), scenario: 'noautocreate', options: { nodes: 3, autoCreateTopics: false } },
  { numbers: ['0052'], kafkaTools: true },
  { numbers: ['0045'], scenario: 'noautocreate', options: { autoCreateTopics: false }, kafkaTools: true },
]

export const SLICE: Round = { numbers: list('0001 0012 0013 0017 0029 0030 0031 0035 0040 0070 0073 0085 0090 0099'), quick: true }

export const NOT_RUN: Readonly<Record<string, string>> = {
  '0028, 0047': 'known issues of librdkafka itself, which its runner leaves out',
  '0055 and 0061 with transactions, 0098, 0103, 0129, 0137 of control messages':
    'need transactions, which are not served (docs/skipped.md)',
  '0077':
    'waits for compaction to move where the log begins, which it does not here: offsets that compaction took are gaps (docs/log-format.md)',
  '0097, 0126, 0135, 0142': 'need TLS or SASL, which the runner is built without',
  '0113 o_java_interop': 'needs a Java client that the package does not hold',
  '0170 to 0185, 0190': 'share groups (KIP-932) are not served (docs/skipped.md)',
  '8000, 8001': 'are run by hand, as their authors say',
  'local tests, 0139, 0150': 'test librdkafka against itself or its mock cluster: they say nothing about our broker',
}
