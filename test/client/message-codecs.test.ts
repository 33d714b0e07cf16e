import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import type { DescMessage, FileRegistry, JsonValue } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { formatMessage, type MessageForm, readerFor } from '../../src/client/codecs/codecs.js';
import type { Codec, MessageText } from '../../src/client/codecs/message-text.js';
import { commentOf } from '../../src/client/descriptor-comments.js';
import { type DescriptorSource, protosetSource } from '../../src/client/descriptors.js';
import { MessageJson } from '../../src/client/message-json.js';
import { sampleOf } from '../../src/client/template.js';
import { PosternError } from '../../src/errors.js';
import { messageJson } from './message-arbitrary.js';
import { compiledShed } from './protos.js';

const runs = process.env.POSTERN_SOAK === undefined ? 100 : 3_000;
const forms: readonly { form: MessageForm; codec: Codec }[] = [
  { form: 'jsonline', codec: 'json' },
  { form: 'prettyjson', codec: 'json' },
  { form: 'yaml', codec: 'yaml' },
  { form: 'xml', codec: 'xml' },
];

let source: DescriptorSource;
let registry: FileRegistry;
let shed: DescMessage;
let packed: DescMessage[];

before(async () => {
  source = await compiledShed(protosetSource);
  const found = await source.find('shed.v1.Shed');
  assert.ok(found);
  registry = found;
  shed = typeNamed('shed.v1.Shed');
  packed = [
    'shed.v1.Note',

    ...['Timestamp', 'Value', 'StringValue', 'Struct'].map((name) => `google.protobuf.${name}`),
  ].map(typeNamed);
});

function typeNamed(name: string): DescMessage {
  const desc = registry.getMessage(name);
  assert.ok(desc, name);
  return desc;
}

function codecOf(): MessageJson {
  return new MessageJson(source, registry, { emitDefaults: false });
}

function written(form: MessageForm, json: JsonValue): string {
  return formatMessage(form, shed, json, (name) => registry.getMessage(name));
}

/** Reads a text that comes in pieces of this size. */
function read(codec: Codec, text: string, size: number): MessageText[] {
  const reader = readerFor(codec, 'a text');
  const found: MessageText[] = [];
  for (let at = 0; at < text.length; at += size) found.push(...reader.push(text.slice(at, at + size)));
  return [...found, ...reader.end()];
}

async function bytesOf(text: MessageText): Promise<string> {
  const messages = codecOf();
  const json = await text.json(shed, (name) => messages.typeNamed(name));
  return Buffer.from(await messages.encode(shed, json, text)).toString('hex');
}

test('any message is the same after it was written and read in every codec, several in one stream, cut anywhere', async () => {
  const several = fc.array(messageJson(shed, packed), { minLength: 1, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(several, fc.integer({ min: 1, max: 50 }), async (jsons, size) => {
      const messages = codecOf();
      const expected: string[] = [];
      const shown: JsonValue[] = [];
      for (const json of jsons) {
        const bytes = await messages.encode(shed, json);
        expected.push(Buffer.from(bytes).toString('hex'));
        shown.push(await messages.decode(shed, bytes));
      }
      for (const { form, codec } of forms) {
        const text = shown.map((json) => written(form, json)).join('');
        const texts = read(codec, text, size);
        assert.equal(texts.length, jsons.length, `${form}:\n${text}`);
        const back = await Promise.all(texts.map(bytesOf));
        assert.deepEqual(back, expected, `${form}:\n${text}`);
      }
    }),
    { numRuns: runs },
  );
});

test('a sample is a request in every codec', async () => {
  for (const { form, codec } of forms) {
    const [text] = read(codec, written(form, sampleOf(shed)), 1000);
    assert.ok(text);
    assert.equal(
      await bytesOf(text),
      Buffer.from(await codecOf().encode(shed, sampleOf(shed))).toString('hex'),
      form,
    );
  }
});

async function jsonOf(codec: Codec, text: string): Promise<JsonValue> {
  const [found] = read(codec, text, 7);
  assert.ok(found);
  return codecOf().decode(shed, Buffer.from(await bytesOf(found), 'hex'));
}

for (const { name, codec, text, json } of [
  {
    name: 'enum numbers, in JSON',
    codec: 'json',
    text: '{"kind":1,"kinds":[1,"KIND_TREE",7]}',
    json: { kind: 'KIND_TREE', kinds: ['KIND_TREE', 'KIND_TREE', 7] },
  },
  {
    name: 'enum numbers, in YAML',
    codec: 'yaml',
    text: 'kind: 1\nkinds: [1, KIND_TREE, 7]',
    json: { kind: 'KIND_TREE', kinds: ['KIND_TREE', 'KIND_TREE', 7] },
  },
  {
    name: 'enum numbers, in XML',
    codec: 'xml',
    text: '<Shed><kind>1</kind><kinds>1</kinds><kinds>KIND_TREE</kinds><kinds>7</kinds></Shed>',
    json: { kind: 'KIND_TREE', kinds: ['KIND_TREE', 'KIND_TREE', 7] },
  },
  {
    name: 'integers beyond 2^53 are not rounded, in JSON',
    codec: 'json',
    text: '{"aSint64":-9007199254740993,"aFixed64":18446744073709551615}',
    json: { aSint64: '-9007199254740993', aFixed64: '18446744073709551615' },
  },
  {
    name: 'integers beyond 2^53 are not rounded, in YAML',
    codec: 'yaml',
    text: 'aSint64: -9007199254740993\naFixed64: 0xffffffffffffffff',
    json: { aSint64: '-9007199254740993', aFixed64: '18446744073709551615' },
  },
  {
    name: 'a large number in JSON of any form is a number',
    codec: 'json',
    text: '{"value":{"a":[100000000000000000000]},"aDouble":100000000000000000000}',
    json: { value: { a: [1e20] }, aDouble: 1e20 },
  },
  {
    name: "YAML's own not-a-number and infinity",
    codec: 'yaml',
    text: 'aDouble: .nan\ndoubles: [.inf, -.inf, 1e3]',
    json: { aDouble: 'NaN', doubles: ['Infinity', '-Infinity', 1000] },
  },
  {
    name: 'names as in the .proto file, in YAML',
    codec: 'yaml',
    text: 'some_bytes: !!binary AAEC\nkinds_by_number: {1: 1}',
    json: { someBytes: 'AAEC', kindsByNumber: { 1: 'KIND_TREE' } },
  },
  {
    name: 'comments and anchors in YAML',
    codec: 'yaml',
    text: '# a shed\ninner: &one {aBool: true}\nsheds: [*one, *one]',
    json: { inner: { aBool: true }, sheds: [{ aBool: true }, { aBool: true }] },
  },
  {
    name: 'full name, comments, CDATA and references in XML',
    codec: 'xml',
    text: '<!-- x --><shed.v1.Shed><aString><![CDATA[<a>]]>&#x263a;<!-- y -->&amp;</aString></shed.v1.Shed>',
    json: { aString: '<a>☺&' },
  },
  {
    name: 'maps in XML by name or by key',
    codec: 'xml',
    text: '<Shed><words><a>1</a><entry key="b c">2</entry><entry>3</entry></words></Shed>',
    json: { words: { a: '1', 'b c': '2', entry: '3' } },
  },
  {
    name: 'JSON of any form in XML',
    codec: 'xml',
    text: '<Shed><value type="list"><item type="number">1</item><item/><item><b type="null"/></item></value></Shed>',
    json: { value: [1, '', { b: null }] },
  },
  {
    name: 'a byte stays a byte, white space around is none of it, in XML',
    codec: 'xml',
    text: '<Shed>\n <someBytes>\n  AA\n  EC </someBytes><aBool> true </aBool><an_int32> 7 </an_int32></Shed>',
    json: { someBytes: 'AAEC', aBool: true, anInt32: 7 },
  },
] satisfies { name: string; codec: Codec; text: string; json: JsonValue }[]) {
  test(`what people may write: ${name}`, async () => assert.deepEqual(await jsonOf(codec, text), json));
}

/** The message of the mistake in a text. */
async function mistake(codec: Codec, text: string): Promise<string> {
  try {
    await Promise.all(read(codec, text, 11).map(bytesOf));
  } catch (thrown) {
    assert.ok(thrown instanceof PosternError, String(thrown));
    assert.equal(thrown.exitCode, 2);
    return thrown.message;
  }
  return 'none';
}

for (const { codec, text, says } of [
  {
    codec: 'json',
    text: '{"inner":\n {"anInt32":"x"}}',
    says: /^a text does not fit shed\.v1\.Shed:\n {2}line 2, column 3: inner\.anInt32: expected number \(int32\), got "x"$/,
  },
  {
    codec: 'json',
    text: '{}\n{"sheds":[{},{"kind":"TREE"}]}',
    says: /\n {2}line 2, column 15: sheds\[1\]\.kind: 'TREE' is no shed\.v1\.Kind; it is one of KIND_TREE,/,
  },
  {
    codec: 'yaml',
    text: 'aBool: true\n---\ninner:\n  words: {a b: 1}\n  boddy: x\n',
    says: /\n {2}line 4, column 3: inner\.words: .*\n {2}line 5, column 3: inner\.boddy: unknown field of shed\.v1\.Shed; it has /,
  },
  { codec: 'yaml', text: 'aBool: true\naBool: "\n', says: /^a text is not YAML: line 2, column \d+: / },
  { codec: 'yaml', text: '- 1\n', says: /line 1, column 1: the message: expected \{…\}, got a list$/ },
  { codec: 'yaml', text: 'aBool: !foo 1', says: /not YAML: line 1, column 8: .*!foo/ },
  {
    codec: 'yaml',
    text: `a: &a [x, x, x, x, x, x, x, x, x, x]\n${[...'bcdefgh'].map((name, i) => `${name}: &${name} [${Array(10).fill(`*${'abcdefgh'[i]}`).join(', ')}]`).join('\n')}`,
    says: /not YAML: line \d, column \d+: it holds more than 250000 values, with those that aliases repeat$/,
  },
  { codec: 'yaml', text: `aString: ${'['.repeat(600)}`, says: /not YAML: / },
  {
    codec: 'xml',
    text: '<Shed>\n<kind>TREE</kind></Shed>',
    says: /does not fit shed\.v1\.Shed:\n {2}line 2, column 1: kind: 'TREE' is no shed\.v1\.Kind/,
  },
  {
    codec: 'xml',
    text: '<Shed><sheds/><sheds><aBool>yes</aBool></sheds></Shed>',
    says: /line 1, column 22: sheds\[1\]\.aBool: expected boolean, got "yes"/,
  },
  { codec: 'xml', text: '<Bed/>', says: /line 1, column 1: the root is <Bed>, and must be <Shed>$/ },
  {
    codec: 'xml',
    text: '<Shed><aBool>true</aBool><aBool>true</aBool></Shed>',
    says: /line 1, column 26: <aBool> is there twice: aBool is no list$/,
  },
  { codec: 'xml', text: '<Shed><any><text/></any></Shed>', says: /column 7: <any> needs an attribute type=/ },
  { codec: 'xml', text: '<Shed><inner>x</inner></Shed>', says: /inner: expected \{…\}, got "x"/ },
  {
    codec: 'xml',
    text: '<Shed>\n<a></b></Shed>',
    says: /^a text is not XML: line 2, column 4: expected <\/a>$/,
  },
  {
    codec: 'xml',
    text: '<!DOCTYPE a [<!ENTITY b "c">]><Shed>&b;</Shed>',
    says: /not XML: line 1, column 1: document types are not read/,
  },
  {
    codec: 'xml',
    text: '<Shed>&b;</Shed>',
    says: /not XML: line 1, column 7: '&' stands for itself only as &amp;/,
  },
  { codec: 'xml', text: '<Shed/> x', says: /not XML: line 1, column 9: expected an element, found "x"/ },
  { codec: 'xml', text: '<Shed><aBool>', says: /not XML: line 1, column 14: <aBool> is not closed/ },
  { codec: 'xml', text: '<Shed a="1" a="2"/>', says: /line 1, column 13: the attribute a is there twice/ },
  { codec: 'xml', text: '<a>'.repeat(600), says: /nested deeper than 512/ },
] satisfies { codec: Codec; text: string; says: RegExp }[]) {
  test(`a mistake is told with its place: ${codec} ${JSON.stringify(text.slice(0, 60))}`, async () =>
    assert.match(await mistake(codec, text), says));
}

test('the comments of a file are told of its services and methods, where the descriptor holds them', () => {
  const keeper = registry.getService('shed.v1.Keeper');
  const [keep, find] = keeper?.methods ?? [];
  assert.ok(keeper && keep && find);
  assert.deepEqual([keeper, keep, find].map(commentOf), ['Keeps things.', 'Puts it in.\n\nTwice.', '']);
});

test('documents are given out as soon as they are complete', () => {
  const yaml = readerFor('yaml', 'a text');
  assert.equal(yaml.push('a: 1\n--').length, 0);
  assert.equal(yaml.push('-\na: |\n  ---\nb: 2\n...\n').length, 2);
  assert.equal(yaml.push('--- # nothing\n---\n...\n%YAML 1.2\n---\na: 3').length, 0);
  assert.equal(yaml.end().length, 1);
  const xml = readerFor('xml', 'a text');
  assert.equal(xml.push('<?xml version="1.0"?><A><b x=">"/><!-- </A> --><![CDATA[</A>]]></').length, 0);
  assert.equal(xml.push('A>\n<A/><').length, 2);
  assert.equal(xml.push('A />\n<!-- the end -->\n').length, 1);
  assert.equal(xml.end().length, 0);
});

test('many comments before something that is no XML are read as fast as few', () => {
  const xml = readerFor('xml', 'a text');
  const startedAt = performance.now();
  xml.push(`${'<!---->'.repeat(28)}x`);
  assert.throws(() => xml.end(), /is not XML/);
  assert.ok(performance.now() - startedAt < 10_000, 'it takes twice as long with each of them');
});
