/** DeleteGroups: versions 0 to 2. Groups without members, with their committed offsets. */
import { array, int16, int32, message, string } from '../schema/fields.ts'
import type { Infer } from '../schema/infer.ts'

export const DeleteGroupsRequest = message(
  'DeleteGroupsRequest',
  { apiKey: 42, versions: '0-2', flexible: '2+' },
  { groupsNames: array(string()) },
)
export type DeleteGroupsRequest = Infer<typeof DeleteGroupsRequest>

export const DeleteGroupsResponse = message(
  'DeleteGroupsResponse',
  { apiKey: 42, versions: '0-2', flexible: '2+' },
  {
    throttleTimeMs: int32({ default: 0 }),
    results: array({
      groupId: string(),
      errorCode: int16(),
    }),
  },
)
export type DeleteGroupsResponse = Infer<typeof DeleteGroupsResponse>
