/** Sarama, Go's older client: its cluster administration, producers, consumers and groups (`sarama/main.go`). */
import { NEWEST } from '../kafka/jars.ts'
import { goProgram } from './go-program.ts'

const NO_TRANSACTIONS = 'transactions are not served (docs/skipped.md)'

export const sarama = goProgram({
  name: 'sarama',
  module: 'github.com/IBM/sarama@v1.61.1',
  args: [NEWEST],
  differs: [
    [/transaction|Transactions|DescribeProducers while|, read (un)?committed/, NO_TRANSACTIONS],
    [
      /^CreateACL with a pattern of a filter$/,
      'Kafka fails in itself (UNKNOWN_SERVER_ERROR); ours says that the request is not valid (docs/skipped.md)',
    ],
  ],
})
