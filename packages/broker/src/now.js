export const isLater = (now) => now instanceof Promise;
/** `next` of the value, at once if it is there. */
export function after(now, next) {
    return isLater(now) ? now.then(next) : next(now);
}
/** All values in order; a promise only if one of them is. */
export function allOf(many) {
    return many.some(isLater) ? Promise.all(many) : many;
}
/** What `act` gives; or, where it fails within the call or later, what `rescue` makes of the error. */
export function attempt(act, rescue) {
    try {
        const now = act();
        return isLater(now) ? now.catch(rescue) : now;
    }
    catch (error) {
        return rescue(error);
    }
}
