/** Steps over `Now<T>`: what is finished within the call goes on within the call; only what is not waits for a promise. */
import type { Now } from '@tidemark/platform'
export declare const isLater: <T>(now: Now<T>) => now is Promise<T>
/** `next` of the value, at once if it is there. */
export declare function after<T, U>(now: Now<T>, next: (value: T) => Now<U>): Now<U>
/** All values in order; a promise only if one of them is. */
export declare function allOf<T>(many: readonly Now<T>[]): Now<T[]>
/** What `act` gives; or, where it fails within the call or later, what `rescue` makes of the error. */
export declare function attempt<T>(act: () => Now<T>, rescue: (error: unknown) => T): Now<T>
