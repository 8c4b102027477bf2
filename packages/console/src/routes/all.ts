import { applications } from './applications.ts'
import { bookmarks } from './bookmarks.ts'
import { cluster } from './cluster.ts'
import { doctor } from './doctor.ts'
import { group } from './group.ts'
import { groups } from './groups.ts'
import { history } from './history.ts'
import { info } from './info.ts'
import { live } from './live.ts'
import { moves } from './moves.ts'
import { peek } from './peek.ts'
import { plans } from './plans.ts'
import { records } from './records.ts'
import { restore } from './restore.ts'
import type { Route } from './route.ts'
import { tail } from './tail.ts'
import { timeScales } from './time-scales.ts'
import { topic } from './topic.ts'
import { topicGroups } from './topic-groups.ts'
import { topics } from './topics.ts'

export const routes: readonly Route[] = [
  info,
  live,
  groups,
  group,
  topics,
  topic,
  topicGroups,
  timeScales,
  records,
  tail,
  cluster,
  history,
  doctor,
  peek,
  plans,
  applications,
  moves,
  restore,
  bookmarks,
]
