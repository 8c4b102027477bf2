/**
 * Standard Schema, version 1 (standardschema.dev): the interface by which zod, valibot, arktype and others plug in.
 * Only what is used of it; none of these libraries is imported.
 */
export interface StandardSchema<In = unknown, Out = In> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaResult<Out> | Promise<SchemaResult<Out>>
    /** For the type system alone. */
    readonly types?: { readonly input: In; readonly output: Out } | undefined
  }
}

export type SchemaResult<Out> = { readonly value: Out; readonly issues?: undefined } | { readonly issues: readonly SchemaIssue[] }

export interface SchemaIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** Of its message: the others are in `issues`. */
const ISSUES_TOLD = 3

/** A value does not match its schema; `issues` says where, and why. */
export class SchemaMismatch extends Error {
  override readonly name = 'SchemaMismatch'
  readonly issues: readonly SchemaIssue[]

  constructor(issues: readonly SchemaIssue[]) {
    const told = issues.slice(0, ISSUES_TOLD).map(textOf).join('; ')
    const more = issues.length > ISSUES_TOLD ? `; and ${issues.length - ISSUES_TOLD} more` : ''
    super(`it does not match the schema: ${told}${more}`)
    this.issues = issues
  }
}

function textOf({ message, path = [] }: SchemaIssue): string {
  const keys = path.map((step) => String(typeof step === 'object' ? step.key : step))
  return keys.length === 0 ? message : `${keys.join('.')}: ${message}`
}

/** The value as the schema returns it. Throws `SchemaMismatch`; asynchronous if the schema is. */
export function validated<Out>(schema: StandardSchema<unknown, Out>, value: unknown): Out | Promise<Out> {
  const result = schema['~standard'].validate(value)
  return result instanceof Promise ? result.then(resultOf) : resultOf(result)
}

function resultOf<Out>(result: SchemaResult<Out>): Out {
  if (result.issues !== undefined) throw new SchemaMismatch(result.issues)
  return result.value
}

export function isStandardSchema(value: unknown): value is StandardSchema {
  const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function' // arktype's are functions
  const standard = isObject ? (value as Partial<StandardSchema>)['~standard'] : undefined
  return typeof standard?.validate === 'function'
}
