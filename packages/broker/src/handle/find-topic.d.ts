import type { Topic, Topics } from '../perform/topics.ts';
export interface NamedTopic {
    readonly name: string;
    readonly topicId: string;
}
/** The topic, or the error code that says why there is none. */
export declare function findTopic(topics: Topics, by: NamedTopic, usesIds: boolean): Topic | number;
