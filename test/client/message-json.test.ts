import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { create, type DescMessage, type FileRegistry, fromJson, toBinary } from '@bufbuild/protobuf';
import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { AnySchema, TimestampSchema } from '@bufbuild/protobuf/wkt';
import { Metadata } from '@grpc/grpc-js';
import { type DescriptorSource, protoFileSource } from '../../src/client/descriptors.js';
import { MessageJson } from '../../src/client/message-json.js';
import { protoText } from '../../src/client/proto-text.js';
import { statusDetails } from '../../src/client/status-details.js';
import { sampleOf } from '../../src/client/template.js';
import { gardenRoot } from './protos.js';

let source: DescriptorSource;
let registry: FileRegistry;
let bed: DescMessage;

before(async () => {
  source = await protoFileSource(['garden/garden.proto'], [gardenRoot]);
  const found = await source.find('garden.v1.Bed');
  const desc = found?.getMessage('garden.v1.Bed');
  assert.ok(found && desc);
  registry = found;
  bed = desc;
});

/** A source that knows types only when it is asked for them by name, as reflection does. */
function lazy(asked: string[]): { messages: MessageJson; few: DescriptorSource } {
  const few: DescriptorSource = {
    ...source,
    find: async (name) => {
      asked.push(name);
      return source.find(name);
    },
  };
  return { few, messages: new MessageJson(few, registry, { emitDefaults: false }) };
}

test('what is packed in an Any is read and written by its type', async () => {
  const { messages } = lazy([]);
  const json = { note: { '@type': 'type.googleapis.com/garden.v1.Note', text: 'dig' } };
  assert.deepEqual(await messages.decode(bed, await messages.encode(bed, json)), json);
  const time = {
    note: { '@type': 'type.googleapis.com/google.protobuf.Timestamp', value: '2024-01-31T12:00:00Z' },
  };
  assert.deepEqual(await messages.decode(bed, await messages.encode(bed, time)), time);
});

test('an Any whose type nobody knows is shown without its content, and is asked for once', async () => {
  const asked: string[] = [];
  const { messages } = lazy(asked);
  const unknown = create(AnySchema, {
    typeUrl: 'type.googleapis.com/far.away.Thing',
    value: new Uint8Array([8, 1]),
  });
  const packed = new BinaryWriter()
    .uint32((9 << 3) | 2)
    .bytes(toBinary(AnySchema, unknown))
    .finish();
  const shown = { note: { '@type': 'type.googleapis.com/far.away.Thing' } };
  assert.deepEqual(await messages.decode(bed, packed), shown);
  assert.deepEqual(await messages.decode(bed, packed), shown);
  assert.deepEqual([...messages.unknownTypes], ['far.away.Thing']);
  assert.deepEqual(asked, ['far.away.Thing']);
});

test('bytes that are no message are told as such', async () => {
  await assert.rejects(lazy([]).messages.decode(bed, new Uint8Array([0x0a, 0xff])), {
    code: 'MESSAGE_UNREADABLE',
  });
});

test('a message that is no object is told with what it is instead', async () => {
  const { messages } = lazy([]);
  await assert.rejects(messages.encode(bed, []), /the message: expected \{…\}, got a list$/);
  await assert.rejects(messages.encode(bed, { inner: 3 }), /inner: expected \{…\}, got 3$/);
});

test('two members of one oneof are a mistake', async () => {
  await assert.rejects(lazy([]).messages.encode(bed, { can: 'x', hose: '' }), /oneof|set multiple times/);
});

test('details of a status are decoded, or shown as bytes', async () => {
  const known = create(AnySchema, {
    typeUrl: 'type.googleapis.com/google.protobuf.Timestamp',
    value: toBinary(TimestampSchema, create(TimestampSchema, { seconds: 0n })),
  });
  const unknown = create(AnySchema, { typeUrl: 'x/far.away.Thing', value: new Uint8Array([1, 2, 3]) });
  const details = new BinaryWriter().uint32(8).int32(5);
  for (const any of [known, unknown]) details.uint32((3 << 3) | 2).bytes(toBinary(AnySchema, any));
  const trailers = new Metadata();
  trailers.set('grpc-status-details-bin', Buffer.from(details.finish()));
  const { messages } = lazy([]);
  assert.deepEqual(await statusDetails({ code: 5, details: '', trailers }, messages), [
    { '@type': 'type.googleapis.com/google.protobuf.Timestamp', value: '1970-01-01T00:00:00Z' },
    { '@type': 'x/far.away.Thing', value: 'AQID' },
  ]);
  trailers.set('grpc-status-details-bin', Buffer.from([0xff]));
  assert.deepEqual(await statusDetails({ code: 5, details: '', trailers }, messages), [{ value: '/w==' }]);
});

test('a sample names every field, and is itself a request', () => {
  for (const desc of registry) {
    if (desc.kind !== 'message' || desc.proto.options?.mapEntry === true) continue;
    if (['google.protobuf.FeatureSetDefaults'].includes(desc.typeName)) continue;
    assert.doesNotThrow(() => fromJson(desc, sampleOf(desc), { registry }), desc.typeName);
  }
  const sample = sampleOf(bed);
  assert.ok(typeof sample === 'object' && sample !== null);
  const expected = bed.fields.filter((field) => field.name !== 'hose').map((field) => field.jsonName);
  assert.deepEqual(Object.keys(sample).toSorted(), expected.toSorted());
});

test('a description is what would be written in a .proto file', () => {
  const soil = registry.getMessage('garden.soil.Soil');
  const service = registry.getService('garden.v1.Garden');
  assert.ok(soil && service);
  assert.equal(protoText(soil), 'message Soil {\n  int32 depth = 1;\n}\n');
  assert.equal(
    protoText(service),
    `service Garden {
  rpc Dig ( .garden.v1.Bed ) returns ( .garden.v1.Bed );
  rpc Water ( stream .garden.v1.Bed.Row ) returns ( .garden.soil.Soil );
  rpc Grow ( .garden.soil.Soil ) returns ( stream .garden.v1.Bed );
  rpc Talk ( stream .garden.v1.Bed ) returns ( stream .garden.v1.Bed );
}
`,
  );
  const text = protoText(bed);
  for (const line of [
    '  message Row {\n    enum Side {\n      SIDE_UNSPECIFIED = 0;\n      SIDE_LEFT = 1;\n    }\n',
    '    optional int32 plant_count = 2;',
    '  map<string, .garden.v1.Bed.Row> rows_by_name = 2;',
    '  map<int32, string> names = 3;',
    '  oneof water {\n    string can = 5;\n    bytes hose = 6;\n  }\n',
    '  repeated int64 seed_ids = 7;',
    '  optional string label = 12;',
  ]) {
    assert.ok(text.includes(line), `${line}\nis not in\n${text}`);
  }
  assert.doesNotMatch(text, /oneof _label|Entry/);
});
