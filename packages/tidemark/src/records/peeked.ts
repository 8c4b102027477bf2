/** A record beside a committed offset, as JSON has it. */
import { textOrBase64 } from '@tidemark/client/internal'
import type { PeekedRecord } from '@tidemark/offsets'

export const jsonOf = ({ key, value, headers, ...record }: PeekedRecord) => ({
  ...record,
  key: key && textOrBase64(key),
  value: value && textOrBase64(value),
  headers: headers.map((it) => ({ key: it.key, value: it.value && textOrBase64(it.value) })),
})
