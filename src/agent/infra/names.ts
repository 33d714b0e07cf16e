import { createHash } from 'node:crypto';
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { PosternError } from '../../errors.js';

/** Names of ours that hold those of others as they are are at most so long. */
const longestKept = 40;
const safeName = /^[A-Za-z0-9_-]+$/;
/** A number as `server.Proxy` would have it; larger ones are texts like any other. */
const wholeNumber = /^(?:0|-?[1-9][0-9]{0,15})$/;
const isNumberOfTest = (text: string): boolean =>
  wholeNumber.test(text) && Number.isSafeInteger(Number(text));
/** A test with its round. */
const roundPattern = /^((?:test|name|hash)-.+|receive)-r([1-9][0-9]{0,14})$/;
/** The field of a request that says which test. */
const keyField = 2;

/** Under which run the tests of a group stand: the same on every node that is in the group, whatever they call it. */
export function runOf(group: string): string {
  return `infra-${hashOf(group).slice(0, 16)}`;
}

/** Whether a run could be that of a group. */
export function isRunOfGroup(run: string): boolean {
  return /^infra-[A-Za-z0-9_-]{16}$/.test(run);
}

/** What a group is called where names are short words, by what others call it: one to one. */
export function wordFor(name: string): string {
  const isWord = name.length <= longestKept && safeName.test(name);
  return isWord ? `name-${name}` : `hash-${hashOf(name).slice(0, 22)}`;
}

/**
 * The test that a request is about, as one word: requests of before name tests by a text, and later ones by a number, in the
 * same field; a text that is a whole number names the test of that number. `byName`: what the field is where it is
 * left out. Throws `TEST_INVALID` for an empty name.
 */
export function testKeyOf(request: Uint8Array, byName: boolean): string {
  let key: string | number = byName ? '' : 0;
  const reader = new BinaryReader(request);
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === keyField && type === WireType.Varint) key = Number(reader.int64());
    else if (field === keyField && type === WireType.LengthDelimited) key = reader.string();
    else reader.skip(type, field);
  }
  if (key === '') throw new PosternError('TEST_INVALID', 'the test has no name');
  const isNumber = typeof key === 'number' || isNumberOfTest(key);
  return isNumber ? `test-${Number(key)}` : wordFor(String(key));
}

/** One round of a test, or of receiving, in a group. */
export interface Round {
  readonly group: string;
  /** As `testKeyOf` gives it, or `receivingKey`. */
  readonly key: string;
  readonly round: number;
}

/** What the test is called that receives everything in a group, without its round. */
export const receivingKey = 'receive';

/** The round that a test of a group's run is; undefined: none. */
export function roundOf(group: string, test: string): Round | undefined {
  const [, key, round] = roundPattern.exec(test) ?? [];
  return key === undefined ? undefined : { group, key, round: Number(round) };
}

/** What a test is called in its run, in its `round`th round. */
export function roundName(key: string, round: number): string {
  return `${key}-r${round}`;
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}

/** The latest round of a test among these names; 0: none. */
export function latestRound(names: readonly string[], key: string): number {
  const rounds = names.map((name) =>
    name.startsWith(`${key}-r`) ? Number(/^[1-9]\d*$/.exec(name.slice(key.length + 2))?.[0] ?? 0) : 0,
  );
  return Math.max(0, ...rounds);
}
