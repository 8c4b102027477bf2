import type { Shard } from './shard.ts';
import type { GroupTimer, Turn } from './turn.ts';
export declare function expire(shard: Shard, timer: GroupTimer, turn: Turn): void;
