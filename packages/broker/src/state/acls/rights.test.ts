/** The cases of Kafka's `StandardAuthorizerTest`, and every drawn set of ACLs against a scan of all of them. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Acl } from '../cluster/records.ts'
import { Operation, Pattern, Permission, Resource } from './codes.ts'
import { acl, deny, naivelyAllows, prefixed, who } from './rights.case.ts'
import { Rights, type RightsOptions } from './rights.ts'

const { ALL, READ, WRITE, CREATE, DELETE, ALTER, DESCRIBE, DESCRIBE_CONFIGS, ALTER_CONFIGS } = Operation
const { TOPIC, GROUP } = Resource
const superman: RightsOptions = { superUsers: ['User:superman'] }
const rightsOf = (...acls: Acl[]): Rights => new Rights(acls, superman)

describe('what an ACL covers', () => {
  test.each([DESCRIBE, READ, WRITE, DELETE, ALTER])('operation %i, allowed, allows to describe', (operation) => {
    expect(rightsOf(acl({ operation })).allows(who('alice'), DESCRIBE, TOPIC, 'foo')).toBe(true)
  })

  test('CREATE, allowed, does not allow to describe', () => {
    expect(rightsOf(acl({ operation: CREATE })).allows(who('alice'), DESCRIBE, TOPIC, 'foo')).toBe(false)
  })

  test.each([DESCRIBE_CONFIGS, ALTER_CONFIGS])('operation %i, allowed, allows to describe configurations', (operation) => {
    const rights = rightsOf(acl({ operation }))
    expect(rights.allows(who('alice'), DESCRIBE_CONFIGS, TOPIC, 'foo')).toBe(true)
    expect(rights.allows(who('alice'), DESCRIBE, TOPIC, 'foo')).toBe(false)
  })

  test.each([READ, WRITE, DELETE, ALTER])('operation %i, denied, denies itself alone', (operation) => {
    const rights = rightsOf(deny({ operation }), acl({ operation: DESCRIBE }))
    expect(rights.allows(who('alice'), DESCRIBE, TOPIC, 'foo')).toBe(true)
    expect(rights.allows(who('alice'), operation, TOPIC, 'foo')).toBe(false)
  })

  test('ALTER_CONFIGS, denied, does not deny to describe configurations', () => {
    const rights = rightsOf(deny({ operation: ALTER_CONFIGS }), acl({ operation: DESCRIBE_CONFIGS }))
    expect(rights.allows(who('alice'), DESCRIBE_CONFIGS, TOPIC, 'foo')).toBe(true)
  })

  test('a resource of another type is another resource', () => {
    expect(rightsOf(acl({ resourceType: GROUP })).allows(who('alice'), READ, TOPIC, 'foo')).toBe(false)
  })
})

describe('of which resource, for whom', () => {
  test('ALL, allowed: literal for everyone, prefixed for one, literal for another', () => {
    const rights = rightsOf(
      acl({ principal: 'User:*', operation: ALL }),
      prefixed({ resourceName: 'bar', operation: ALL }),
      acl({ resourceName: 'baz', principal: 'User:bob', operation: ALL }),
    )
    const asked = (name: string) => [
      rights.allows(who(name), WRITE, TOPIC, 'foo'),
      rights.allows(who(name), DESCRIBE_CONFIGS, TOPIC, 'bar'),
      rights.allows(who(name), DESCRIBE, TOPIC, 'baz'),
    ]
    expect(asked('alice')).toEqual([true, true, false])
    expect(asked('bob')).toEqual([true, false, true])
    expect(asked('malory')).toEqual([true, false, false])
  })

  test('a literal ACL that denies ALL outweighs a prefixed one that allows', () => {
    const rights = rightsOf(
      deny({ operation: ALL }),
      prefixed({ operation: READ }),
      deny({ principal: 'User:*', operation: ALL }),
      prefixed({ principal: 'User:*', operation: DESCRIBE }),
    )
    for (const operation of [WRITE, READ, DESCRIBE]) {
      expect(rights.allows(who('alice'), operation, TOPIC, 'foo')).toBe(false)
      expect(rights.allows(who('bob'), operation, TOPIC, 'foo')).toBe(false)
    }
    expect(rights.allows(who('alice'), READ, TOPIC, 'foobar')).toBe(true)
    expect(rights.allows(who('bob'), DESCRIBE, TOPIC, 'foobaz')).toBe(true)
    expect(rights.allows(who('bob'), READ, TOPIC, 'foobaz')).toBe(false)
  })

  test('an ACL of a host speaks of clients at that address', () => {
    const local = '127.0.0.1'
    const rights = rightsOf(
      deny({ host: '192.168.1.1' }),
      acl(),
      acl({ resourceName: 'bar', principal: 'User:bob', host: '192.168.1.2' }),
      acl({ resourceName: 'bar', principal: 'User:*', host: local, operation: DESCRIBE }),
    )
    const asked = (name: string, host: string) => [
      rights.allows(who(name, host), READ, TOPIC, 'foo'),
      rights.allows(who(name, host), READ, TOPIC, 'bar'),
      rights.allows(who(name, host), DESCRIBE, TOPIC, 'bar'),
    ]
    expect(asked('alice', local)).toEqual([true, false, true])
    expect(asked('alice', '192.168.1.1')).toEqual([false, false, false])
    expect(asked('alice', '192.168.1.2')).toEqual([true, false, false])
    expect(asked('bob', local)).toEqual([false, false, true])
    expect(asked('bob', '192.168.1.1')).toEqual([false, false, false])
    expect(asked('bob', '192.168.1.2')).toEqual([false, true, true])
  })

  test('a super user may do what ACLs deny; its name is compared as it is written', () => {
    const rights = rightsOf(deny({ principal: 'User:*', operation: ALL, resourceName: '*' }))
    expect(rights.allows(who('superman'), READ, TOPIC, 'foo')).toBe(true)
    expect(rights.allows(who('Superman'), READ, TOPIC, 'foo')).toBe(false)
  })

  test('what no ACL speaks of is refused, or open to everyone if so configured', () => {
    const acls = [acl({ resourceName: 'topic1', principal: 'User:Alice' })]
    const open = new Rights(acls, { ...superman, allowEveryoneIfNoAclFound: true })
    expect(open.allows(who('Bob'), READ, TOPIC, 'topic1')).toBe(false)
    expect(open.allows(who('Bob'), READ, TOPIC, 'topic2')).toBe(true)
    expect(rightsOf(...acls).allows(who('Bob'), READ, TOPIC, 'topic2')).toBe(false)
  })
})

describe('any resource of a type (AuthorizerInterfaceDefaultTest)', () => {
  test('a literal or prefixed ACL that allows is enough, for its user, operation and type', () => {
    for (const allowing of [acl({ operation: WRITE }), prefixed({ operation: WRITE }), acl({ resourceName: '*', operation: ALL })]) {
      const rights = rightsOf(allowing)
      expect(rights.allowsAny(who('alice'), WRITE, TOPIC)).toBe(true)
      expect(rights.allowsAny(who('bob'), WRITE, TOPIC)).toBe(false)
      expect(rights.allowsAny(who('alice'), WRITE, GROUP)).toBe(false)
    }
    expect(rightsOf().allowsAny(who('superman'), WRITE, TOPIC)).toBe(true)
  })

  test('a name denied outright does not count, other names under its prefix do', () => {
    const write = { operation: WRITE }
    expect(rightsOf(acl(write), deny(write)).allowsAny(who('alice'), WRITE, TOPIC)).toBe(false)
    expect(rightsOf(prefixed(write), deny(write)).allowsAny(who('alice'), WRITE, TOPIC)).toBe(true)
    const denied = prefixed({ ...write, resourceName: 'fo', permissionType: Permission.DENY })
    expect(rightsOf(prefixed(write), denied).allowsAny(who('alice'), WRITE, TOPIC)).toBe(false)
    expect(rightsOf(acl(write), deny({ ...write, resourceName: '*' })).allowsAny(who('alice'), WRITE, TOPIC)).toBe(false)
  })

  test('open to everyone: names that no ACL speaks of are left', () => {
    const open = new Rights([acl(), deny()], { ...superman, allowEveryoneIfNoAclFound: true })
    expect(open.allowsAny(who('alice'), READ, TOPIC)).toBe(true)
  })
})

const name = fc.constantFrom('*', 'f', 'fo', 'foo', 'foobar', 'bar', 'b')
const drawn: fc.Arbitrary<Acl> = fc.record({
  resourceType: fc.constantFrom(TOPIC, GROUP),
  resourceName: name,
  patternType: fc.constantFrom(Pattern.LITERAL, Pattern.PREFIXED),
  principal: fc.constantFrom('User:alice', 'User:bob', 'User:*'),
  host: fc.constantFrom('*', '127.0.0.1', '10.0.0.1'),
  operation: fc.constantFrom(ALL, READ, WRITE, CREATE, ALTER, DESCRIBE, DESCRIBE_CONFIGS, ALTER_CONFIGS),
  permissionType: fc.constantFrom(Permission.ALLOW, Permission.ALLOW, Permission.DENY),
})

test('answers as a scan of all ACLs does', () => {
  let allowed = 0
  let refused = 0
  fc.assert(
    fc.property(fc.array(drawn, { maxLength: 12 }), fc.boolean(), (acls, allowEveryoneIfNoAclFound) => {
      const options = { superUsers: ['User:root'], allowEveryoneIfNoAclFound }
      const rights = new Rights(acls, options)
      for (const asker of [who('alice'), who('bob', '10.0.0.1'), who('root')]) {
        for (const operation of [READ, DESCRIBE, DESCRIBE_CONFIGS, CREATE]) {
          for (const resource of ['foo', 'foobar', 'f', 'x', '*x']) {
            const is = rights.allows(asker, operation, TOPIC, resource)
            expect(is).toBe(naivelyAllows(acls, options, asker, operation, TOPIC, resource))
            if (is) allowed++
            else refused++
          }
        }
      }
    }),
    { numRuns: 500 },
  )
  expect(Math.min(allowed, refused)).toBeGreaterThan(1000)
})
