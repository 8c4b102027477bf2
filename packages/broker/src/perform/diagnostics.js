/** Notable things, published on the channel `tidemark:broker` of `node:diagnostics_channel`; nobody listening costs nothing. */
import { channel } from 'node:diagnostics_channel';
const notables = channel('tidemark:broker');
export function tell(notable) {
    if (notables.hasSubscribers)
        notables.publish(notable);
}
