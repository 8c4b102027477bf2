import { describe, expect, test } from 'vitest'
import { type AclFilter, bindingFault, filterFault, matchesFilter } from './bindings.ts'
import { Operation, Pattern, Permission, Resource } from './codes.ts'
import { acl, prefixed } from './rights.case.ts'

const ANY: AclFilter = {
  resourceType: Resource.ANY,
  resourceName: null,
  patternType: Pattern.ANY,
  principal: null,
  host: null,
  operation: Operation.ANY,
  permissionType: Permission.ANY,
}

describe('an ACL that is to be made', () => {
  test.each([
    ['of no type', { resourceType: 0 }],
    ['of any type', { resourceType: Resource.ANY }],
    ['of a type that does not exist', { resourceType: 99 }],
    ['of any pattern', { patternType: Pattern.ANY }],
    ['of a pattern to match', { patternType: Pattern.MATCH }],
    ['of any operation', { operation: Operation.ANY }],
    ['of no operation', { operation: 0 }],
    ['of any permission', { permissionType: Permission.ANY }],
    ['of no permission', { permissionType: 0 }],
    ['without a name', { resourceName: '' }],
    ['of a cluster by another name', { resourceType: Resource.CLUSTER, operation: Operation.ALTER, resourceName: 'mine' }],
    ['of a principal without a type', { principal: 'alice' }],
    ['of an operation that does not exist', { operation: 99 }],
  ])('%s is refused', (_, given) => {
    expect(bindingFault(acl(given))).toBeTypeOf('string')
  })

  test('is taken: literal, prefixed, of everyone, of the cluster', () => {
    const cluster = acl({ resourceType: Resource.CLUSTER, resourceName: 'kafka-cluster', operation: Operation.IDEMPOTENT_WRITE })
    const ofAnotherType = acl({ operation: Operation.CLUSTER_ACTION })
    for (const it of [acl(), prefixed(), ofAnotherType, acl({ principal: 'User:*', resourceName: '*' }), cluster])
      expect(bindingFault(it)).toBeUndefined()
  })
})

describe('a filter', () => {
  test.each(['resourceType', 'patternType', 'operation', 'permissionType'] as const)('with an unknown %s is refused', (field) => {
    expect(filterFault({ ...ANY, [field]: 0 })).toBeTypeOf('string')
    expect(filterFault({ ...ANY, [field]: 99 })).toBeTypeOf('string')
    expect(filterFault(ANY)).toBeUndefined()
  })

  test('finds by each of its fields', () => {
    const it = acl()
    expect(matchesFilter(it, ANY)).toBe(true)
    for (const [field, value] of Object.entries(it)) expect(matchesFilter(it, { ...ANY, [field]: value })).toBe(true)
    const others = { resourceType: Resource.GROUP, resourceName: 'x', patternType: Pattern.PREFIXED, principal: 'User:x', host: '10.0.0.1' }
    const more = { operation: Operation.WRITE, permissionType: Permission.DENY }
    for (const [field, value] of Object.entries({ ...others, ...more })) expect(matchesFilter(it, { ...ANY, [field]: value })).toBe(false)
  })

  test('MATCH finds all that speak of the name, ANY and LITERAL those that have it', () => {
    const found = (patternType: number, resourceName: string): string[] =>
      [acl(), acl({ resourceName: '*' }), prefixed({ resourceName: 'fo' }), prefixed(), prefixed({ resourceName: 'foob' })]
        .filter((it) => matchesFilter(it, { ...ANY, patternType, resourceName }))
        .map((it) => `${it.patternType === Pattern.PREFIXED ? 'prefixed' : 'literal'} ${it.resourceName}`)
    expect(found(Pattern.MATCH, 'foo')).toEqual(['literal foo', 'literal *', 'prefixed fo', 'prefixed foo'])
    expect(found(Pattern.ANY, 'foo')).toEqual(['literal foo', 'prefixed foo'])
    expect(found(Pattern.LITERAL, 'foo')).toEqual(['literal foo'])
    expect(found(Pattern.PREFIXED, 'foo')).toEqual(['prefixed foo'])
    expect(found(Pattern.MATCH, '*')).toEqual(['literal *'])
  })
})
