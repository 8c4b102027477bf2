export class Offsets {
    #byGroup = new Map();
    size = 0;
    of(group) {
        return this.#byGroup.get(group);
    }
    get(group, topic, partition) {
        return this.#byGroup.get(group)?.get(topic)?.get(partition);
    }
    groups() {
        return this.#byGroup.keys();
    }
    put(key, value) {
        let ofGroup = this.#byGroup.get(key.group);
        if (ofGroup === undefined)
            this.#byGroup.set(key.group, (ofGroup = new Map()));
        let ofTopic = ofGroup.get(key.topic);
        if (ofTopic === undefined)
            ofGroup.set(key.topic, (ofTopic = new Map()));
        const before = ofTopic.size;
        ofTopic.set(key.partition, value);
        this.size += ofTopic.size - before;
    }
    remove({ group, topic, partition }) {
        const ofGroup = this.#byGroup.get(group);
        const ofTopic = ofGroup?.get(topic);
        if (ofGroup === undefined || ofTopic?.delete(partition) !== true)
            return;
        this.size--;
        if (ofTopic.size === 0)
            ofGroup.delete(topic);
        if (ofGroup.size === 0)
            this.#byGroup.delete(group);
    }
}
