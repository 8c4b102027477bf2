/**
 * Names of types in full, by the rule of Protobuf: the innermost scope that has the name. The library looks for a name
 * in all that its scopes have within them too, and keeps what it did not find: minutes, and gigabytes, for some
 * thousand messages that name each other in part.
 */
import type { Field, Method, NamespaceBase, ReflectionObject, Root } from 'protobufjs'
import { oneLine } from '../http.ts'
import { Undecodable } from '../problem.ts'

type Protobuf = typeof import('protobufjs')

/** Throws `Undecodable`. */
export function nameInFull(protobuf: Protobuf, root: Root): void {
  const known = new Set<string>()
  const fields: Field[] = []
  const methods: Method[] = []
  const visit = (parent: NamespaceBase): void => {
    for (const nested of parent.nestedArray) {
      if (nested instanceof protobuf.Type || nested instanceof protobuf.Enum) known.add(nested.fullName)
      if (nested instanceof protobuf.Field) fields.push(nested)
      else if (nested instanceof protobuf.Service) methods.push(...nested.methodsArray)
      else if (nested instanceof protobuf.Namespace) visit(nested)
    }
    if (parent instanceof protobuf.Type) fields.push(...parent.fieldsArray)
  }
  visit(root)
  for (const field of fields) {
    // An extension is a field of what it extends, and names types as where it is written.
    const { declaringField } = field as { readonly declaringField?: Field | null }
    if (!Object.hasOwn(protobuf.types.basic, field.type)) field.type = fullName(field.type, (declaringField ?? field).parent, known)
  }
  for (const method of methods) {
    method.requestType = fullName(method.requestType, method.parent, known)
    method.responseType = fullName(method.responseType, method.parent, known)
  }
}

function fullName(type: string, within: ReflectionObject | null, known: ReadonlySet<string>): string {
  if (type.startsWith('.')) return type
  for (let scope = within; scope !== null; scope = scope.parent) {
    const name = `${scope.parent === null ? '' : scope.fullName}.${type}`
    if (known.has(name)) return name
  }
  throw new Undecodable(`its schema has no type '${oneLine(type)}'`)
}
