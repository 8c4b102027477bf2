export class Timers {
    #clock;
    #lateMs;
    #armed = new Map();
    constructor(clock, lateMs = 50) {
        this.#clock = clock;
        this.#lateMs = lateMs;
    }
    get size() {
        return this.#armed.size;
    }
    /** Calls once, at `atMonotonicMs` of the clock's `monotonic()` or a little later. */
    set(key, atMonotonicMs, call) {
        this.cancel(key);
        const delayMs = Math.max(0, atMonotonicMs - this.#clock.monotonic());
        const armed = {
            timer: this.#clock.schedule(delayMs, () => {
                if (this.#clock.monotonic() - atMonotonicMs <= this.#lateMs)
                    this.#fire(key, armed, call);
                else
                    this.#clock.afterTurn(() => this.#fire(key, armed, call));
            }),
        };
        this.#armed.set(key, armed);
    }
    #fire(key, armed, call) {
        if (this.#armed.get(key) !== armed)
            return;
        this.#armed.delete(key);
        call();
    }
    cancel(key) {
        this.#armed.get(key)?.timer.cancel();
        this.#armed.delete(key);
    }
    clear() {
        for (const { timer } of this.#armed.values())
            timer.cancel();
        this.#armed.clear();
    }
}
