import { after } from '../now.js';
export class ProducerIds {
    #cluster;
    #block;
    #next = 0n;
    #end = 0n;
    #reserving;
    constructor(cluster, block) {
        this.#cluster = cluster;
        this.#block = BigInt(Math.max(1, block));
    }
    /** A producer id that nobody had. */
    next() {
        if (this.#next < this.#end)
            return this.#next++;
        return after(this.#reserve(), () => this.next());
    }
    #reserve() {
        if (this.#reserving !== undefined)
            return this.#reserving;
        const first = this.#cluster.metadata.nextProducerId;
        const end = first + this.#block;
        const durable = after(this.#cluster.write([{ kind: 'producerIds', nextProducerId: end }]), () => {
            this.#next = first;
            this.#end = end;
            this.#reserving = undefined;
        });
        if (durable instanceof Promise)
            this.#reserving = durable;
        return durable;
    }
}
