/** Parts of the routes' schemas: nothing is converted, nothing unknown is accepted. */
export const text = (maxLength: number) => ({ type: 'string', minLength: 1, maxLength }) as const
/** Of a group; Kafka sets no limit, a request does. */
export const groupName = text(4_096)
export const topicName = text(249)
/** Numbers in an address are text. */
export const digits = { type: 'string', pattern: '^\\d{1,16}$' } as const

export const object = <P extends Record<string, object>>(properties: P, required: readonly (keyof P & string)[] = []) => ({
  type: 'object',
  additionalProperties: false,
  required,
  properties,
})
