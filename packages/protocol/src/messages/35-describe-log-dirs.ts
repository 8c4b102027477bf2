/** DescribeLogDirs: versions 0 to 5. */
import { array, bool, int16, int32, message, offset, string } from '../schema/fields.ts'
import type { Infer } from '../schema/infer.ts'

export const DescribeLogDirsRequest = message(
  'DescribeLogDirsRequest',
  { apiKey: 35, versions: '0-5', flexible: '2+' },
  {
    topics: array(
      {
        topic: string(),
        partitions: array(int32()),
      },
      { nullable: '0+' },
    ),
  },
)
export type DescribeLogDirsRequest = Infer<typeof DescribeLogDirsRequest>

export const DescribeLogDirsResponse = message(
  'DescribeLogDirsResponse',
  { apiKey: 35, versions: '0-5', flexible: '2+' },
  {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16({ versions: '3+', default: 0 }),
    results: array({
      errorCode: int16(),
      logDir: string(),
      topics: array({
        name: string(),
        partitions: array({
          partitionIndex: int32(),
          partitionSize: offset(),
          offsetLag: offset(),
          isFutureKey: bool(),
        }),
      }),
      totalBytes: offset({ versions: '4+', default: -1 }),
      usableBytes: offset({ versions: '4+', default: -1 }),
      isCordoned: bool({ versions: '5+', default: false }),
    }),
  },
)
export type DescribeLogDirsResponse = Infer<typeof DescribeLogDirsResponse>
