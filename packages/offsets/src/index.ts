/** See where consumer groups stand, and move them. */
export { applyPlan } from './apply/apply-plan.ts'
export { ACCEPTABLE, type Acceptable, type ApplyOptions, type ApplyStep } from './apply/options.ts'
export { lastOutsideMove, type OutsideMove, type OutsideMovedPartition, planRestore, type RestoreOptions } from './apply/plan-restore.ts'
export { planUndo } from './apply/plan-undo.ts'
export { settleMove } from './apply/settle-move.ts'
export { type Bookmark, type BookmarkPosition, BookmarkStore } from './bookmarks/bookmark-store.ts'
export { type ExamineOptions, examine } from './doctor/examine.ts'
export type { Finding, Severity } from './doctor/finding.ts'
export { type Graduated, type GraduateOptions, type GraduationProgress, graduate } from './graduate/graduate.ts'
export {
  type GraduatingGroup,
  type GraduatingTopic,
  type Graduation,
  type GraduationOptions,
  planGraduation,
} from './graduate/plan-graduation.ts'
export { type CommitHistoryOptions, commitHistory } from './history/commit-history.ts'
export type { CommitEvent, CommitKind } from './history/group-fold.ts'
export { type PositionAt, type PositionsAt, positionsAt } from './history/positions-at.ts'
export type { GroupLag } from './lag/group-lag.ts'
export { LagMeter, type LagMeterOptions } from './lag/lag-meter.ts'
export type { Certainty, Measured, PartitionLag } from './lag/measure.ts'
export type { ChangeState, MoveRecord, MoveState, RecordedChange } from './moves/move-record.ts'
export { type MoveFilter, MoveStore } from './moves/move-store.ts'
export type { Place } from './moves/place.ts'
export { type PeekedRecord, type PeekOptions, peek } from './peek/peek.ts'
export { type BookmarkOptions, bookmarkGroup } from './plan/bookmark-group.ts'
export { type GroupLoss, type GroupsLosing, groupsLosing } from './plan/groups-losing.ts'
export { type PlanOptions, planMove } from './plan/plan-move.ts'
export { parsePlan } from './plan/read-plan.ts'
export { durationText } from './plan/text.ts'
export type {
  ChangeOutcome,
  Fallback,
  FormerPlace,
  ListedPlace,
  MovePlan,
  MoveTarget,
  MoveWish,
  PartitionChoice,
  PlannedChange,
  PlanWarning,
  RecordGlance,
  TopicScope,
  WarningCode,
} from './plan/types.ts'
export { type GroupPositions, groupPositions } from './read/group-positions.ts'
export type { GroupKind, GroupSummary } from './read/kinds.ts'
export type { PositionError } from './read/limits.ts'
export { listGroups } from './read/list-groups.ts'
export type { GroupPosition, Owner, PositionReason } from './read/position.ts'
export type { SchemaRegistryOptions } from './registry/options.ts'
export {
  createSchemaRegistry,
  type DecodedPart,
  type DecodedRecord,
  type EncodedRecord,
  type SchemaRegistry,
} from './registry/schema-registry.ts'
export { planReplay, type Replay, type ReplayRange, type ReplayWish } from './replay/plan-replay.ts'
export { type ReplayProgress, type WatchReplayOptions, watchReplay } from './replay/watch-replay.ts'
export { type FiledOffset, offsetsCsv, offsetsOfGroup, parseOffsets } from './transfer/offset-files.ts'
export {
  type Translated,
  type TranslateOptions,
  type Translation,
  type TranslationProgress,
  translateGroup,
} from './translate/translate.ts'
