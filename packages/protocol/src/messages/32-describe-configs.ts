/** DescribeConfigs: versions 0 to 4. */
import { array, bool, int8, int16, int32, message, string } from '../schema/fields.ts'
import type { Infer } from '../schema/infer.ts'

export const DescribeConfigsRequest = message(
  'DescribeConfigsRequest',
  { apiKey: 32, versions: '0-4', flexible: '4+' },
  {
    resources: array({
      resourceType: int8(),
      resourceName: string(),
      configurationKeys: array(string(), { nullable: '0+' }),
    }),
    includeSynonyms: bool({ versions: '1+', default: false }),
    includeDocumentation: bool({ versions: '3+', default: false }),
  },
)
export type DescribeConfigsRequest = Infer<typeof DescribeConfigsRequest>

export const DescribeConfigsResponse = message(
  'DescribeConfigsResponse',
  { apiKey: 32, versions: '0-4', flexible: '4+' },
  {
    throttleTimeMs: int32({ default: 0 }),
    results: array({
      errorCode: int16(),
      errorMessage: string({ nullable: '0+', default: null }),
      resourceType: int8(),
      resourceName: string(),
      configs: array({
        name: string(),
        value: string({ nullable: '0+' }),
        readOnly: bool(),
        isDefault: bool({ versions: '0', default: false }),
        configSource: int8({ versions: '1+', default: -1 }),
        isSensitive: bool(),
        synonyms: array(
          {
            name: string({ versions: '1+', default: '' }),
            value: string({ versions: '1+', nullable: '1+', default: null }),
            source: int8({ versions: '1+', default: 0 }),
          },
          { versions: '1+', default: [] },
        ),
        configType: int8({ versions: '3+', default: 0 }),
        documentation: string({ versions: '3+', nullable: '3+', default: null }),
      }),
    }),
  },
)
export type DescribeConfigsResponse = Infer<typeof DescribeConfigsResponse>
