/** ApiVersions: versions 0 to 4. */
import { array, bool, int16, int32, int64, message, string } from '../schema/fields.ts'
import type { Infer } from '../schema/infer.ts'

export const ApiVersionsRequest = message(
  'ApiVersionsRequest',
  { apiKey: 18, versions: '0-4', flexible: '3+' },
  {
    clientSoftwareName: string({ versions: '3+', default: '' }),
    clientSoftwareVersion: string({ versions: '3+', default: '' }),
  },
)
export type ApiVersionsRequest = Infer<typeof ApiVersionsRequest>

export const ApiVersionsResponse = message(
  'ApiVersionsResponse',
  { apiKey: 18, versions: '0-4', flexible: '3+' },
  {
    errorCode: int16(),
    apiKeys: array({
      apiKey: int16(),
      minVersion: int16(),
      maxVersion: int16(),
    }),
    throttleTimeMs: int32({ versions: '1+', default: 0 }),
    supportedFeatures: array(
      {
        name: string(),
        minVersion: int16(),
        maxVersion: int16(),
      },
      { versions: '3+', tag: 0, default: [] },
    ),
    finalizedFeaturesEpoch: int64({ versions: '3+', tag: 1, default: -1n }),
    finalizedFeatures: array(
      {
        name: string(),
        maxVersionLevel: int16(),
        minVersionLevel: int16(),
      },
      { versions: '3+', tag: 2, default: [] },
    ),
    zkMigrationReady: bool({ versions: '3+', tag: 3, default: false }),
  },
)
export type ApiVersionsResponse = Infer<typeof ApiVersionsResponse>
