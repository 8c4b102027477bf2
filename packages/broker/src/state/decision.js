/**
 * What a state machine decides in one turn: records to write, replies to give, timers to set. Nothing has happened yet when it
 * is handed over; whoever performs it writes and applies the records first, arms the timers, and gives the replies once the
 * records are durable.
 */
export class Decision {
    records = [];
    replies = [];
    timers = [];
    write(record) {
        this.records.push(record);
    }
    reply(ticket, body) {
        this.replies.push({ ticket, body });
    }
    arm(key, at, event) {
        this.timers.push({ key, at, event });
    }
    disarm(key) {
        this.timers.push({ key, at: undefined });
    }
}
