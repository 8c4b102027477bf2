/** ListConfigResources: versions 0 to 1. */
import { array, int8, int16, int32, message, string } from '../schema/fields.ts'
import type { Infer } from '../schema/infer.ts'

export const ListConfigResourcesRequest = message(
  'ListConfigResourcesRequest',
  { apiKey: 74, versions: '0-1', flexible: '0+' },
  {
    resourceTypes: array(int8(), { versions: '1+', default: [] }),
  },
)
export type ListConfigResourcesRequest = Infer<typeof ListConfigResourcesRequest>

export const ListConfigResourcesResponse = message(
  'ListConfigResourcesResponse',
  { apiKey: 74, versions: '0-1', flexible: '0+' },
  {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    configResources: array({
      resourceName: string(),
      resourceType: int8({ versions: '1+', default: 16 }),
    }),
  },
)
export type ListConfigResourcesResponse = Infer<typeof ListConfigResourcesResponse>
