/** Counts what of a public interface is used, so that a test can say what is not. */
import type { World } from '../world.ts'

/**
 * Keys of options; of words and flags the values too: `ConsumerOptions: outOfRange`, `ConsumerOptions:
 * outOfRange=fail`.
 */
export function countOptions(world: World, area: string, options: object): void {
  for (const [key, value] of Object.entries(options)) {
    world.drawn(area, key)
    if (typeof value === 'string' || typeof value === 'boolean') world.drawn(area, `${key}=${value}`)
    if (Array.isArray(value)) for (const v of value) if (typeof v === 'string') world.drawn(area, `${key}=${v}`)
  }
}

/** The same object, each use of its members counted. */
export function counted<T extends object>(world: World, area: string, object: T): T {
  return new Proxy(object, {
    get(target, key) {
      const member = Reflect.get(target, key, target)
      if (typeof key === 'string' || key === Symbol.asyncDispose) world.drawn(area, String(key))
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
}
