/** Steps over `Now<T>`: a finished value is used within the call; only an unfinished one costs a promise. */
import type { Now } from '@tidemark/platform'

export const isLater = <T>(now: Now<T>): now is Promise<T> => now instanceof Promise

/** `next` of the value, at once if it is finished. */
export function after<T, U>(now: Now<T>, next: (value: T) => Now<U>): Now<U> {
  return isLater(now) ? now.then(next) : next(now)
}

/** All values in order; a promise only if one of them is. */
export function allOf<T>(many: readonly Now<T>[]): Now<T[]> {
  return many.some(isLater) ? Promise.all(many) : (many as T[])
}

/** What `act` gives; or, where it fails within the call or later, what `rescue` makes of the error. */
export function attempt<T>(act: () => Now<T>, rescue: (error: unknown) => Now<T>): Now<T> {
  try {
    const now = act()
    return isLater(now) ? now.catch(rescue) : now
  } catch (error) {
    return rescue(error)
  }
}
