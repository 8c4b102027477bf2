/**
 * Files that a Protobuf schema may import without naming them among its references: those of Google that `protobufjs`
 * does not bring, and Confluent's, which Confluent's serializers know by themselves. Only what decoding needs is here.
 */

const OPTIONS = ['File', 'Message', 'Field', 'Oneof', 'Enum', 'EnumValue', 'Service', 'Method', 'ExtensionRange']
/** Custom options extend these; their values stand in schemas, never in records. */
const DESCRIPTOR = `syntax = "proto2"; package google.protobuf;
${OPTIONS.map((name) => `message ${name}Options { extensions 1000 to max; }`).join('\n')}`

const DAYS = ['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY', 'SUNDAY']
const type = (body: string): string => `syntax = "proto3"; package google.type; ${body}`

export const BUILT_IN: Readonly<Record<string, string>> = {
  'google/protobuf/descriptor.proto': DESCRIPTOR,
  'google/type/date.proto': type('message Date { int32 year = 1; int32 month = 2; int32 day = 3; }'),
  'google/type/timeofday.proto': type('message TimeOfDay { int32 hours = 1; int32 minutes = 2; int32 seconds = 3; int32 nanos = 4; }'),
  'google/type/dayofweek.proto': type(
    `enum DayOfWeek { DAY_OF_WEEK_UNSPECIFIED = 0; ${DAYS.map((day, i) => `${day} = ${i + 1};`).join(' ')} }`,
  ),
  'google/type/latlng.proto': type('message LatLng { double latitude = 1; double longitude = 2; }'),
  'google/type/money.proto': type('message Money { string currency_code = 1; int64 units = 2; int32 nanos = 3; }'),
  'confluent/meta.proto': '',
  'confluent/type/decimal.proto':
    'syntax = "proto3"; package confluent.type; message Decimal { bytes value = 1; uint32 precision = 2; int32 scale = 3; }',
}
