import type { Random } from './random.js';

/** Changes bytes in one way; `other` is a second entry of the corpus. */
type Mutator = (bytes: Buffer, random: Random, other: Buffer) => Buffer;

/** Numbers at which parsers go wrong: around powers of two, signs, and limits of the protocol. */
const interesting = [
  0, 1, 2, 4, 5, 10, 16, 20, 31, 32, 63, 64, 100, 126, 127, 128, 129, 255, 256, 257, 1023, 1024, 4095, 4096,
  16_383, 16_384, 32_767, 32_768, 65_535, 65_536, 65_537, 262_144, 1_048_575, 1_048_576, 16_777_215,
  16_777_216, 2_097_151, 2_097_152, 0x7fff_fffe, 0x7fff_ffff, 0x8000_0000, 0x8000_0001, 0xffff_fffe,
  0xffff_ffff,
];

const words = [
  '%',
  '%zz',
  '%00',
  '\0',
  '\r\n',
  '\r\n\r\n',
  ':',
  ' ',
  '"',
  '{',
  '[',
  '}',
  '\\u0000',
  '-',
  '.',
  '99999999',
  '==',
];
/** A repetition makes nothing longer than this, in bytes. */
const longest = 4096;

const mutators: readonly Mutator[] = [
  function flipBit(bytes, random) {
    const changed = Buffer.from(bytes);
    const at = random.below(changed.length);
    changed[at] = (changed[at] ?? 0) ^ (1 << random.below(8));
    return changed;
  },
  function setByte(bytes, random) {
    const changed = Buffer.from(bytes);
    changed[random.below(changed.length)] = random.chance(0.5) ? random.below(256) : random.pick(interesting);
    return changed;
  },
  function splice(bytes, random, other) {
    return Buffer.concat([bytes.subarray(0, cut(bytes, random)), other.subarray(cut(other, random))]);
  },
  function append(bytes, _random, other) {
    return Buffer.concat([bytes, other]);
  },
  function truncate(bytes, random) {
    return Buffer.from(bytes.subarray(0, cut(bytes, random)));
  },
  function repeat(bytes, random) {
    const [from, to] = [cut(bytes, random), cut(bytes, random)].sort((a, b) => a - b);
    const part = bytes.subarray(from, to);
    const room = Math.floor(longest / Math.max(1, part.length));
    const times = Math.min(room, random.pick([1, 2, 3, 10, 100]));
    return Buffer.concat([
      bytes.subarray(0, to),
      ...Array.from({ length: times }, () => part),
      bytes.subarray(to),
    ]);
  },
  function remove(bytes, random) {
    const from = cut(bytes, random);
    const to = Math.min(bytes.length, from + 1 + random.below(random.pick([1, 4, 16, 64])));
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
  },
  function insert(bytes, random, other) {
    const at = cut(bytes, random);
    const added = random.chance(0.5)
      ? Buffer.from(random.pick(words), 'latin1')
      : other.subarray(cut(other, random)).subarray(0, 1 + random.below(32));
    return Buffer.concat([bytes.subarray(0, at), added, bytes.subarray(at)]);
  },
  /** A number as headers of frames and of HTTP/2 hold it, big-endian. */
  function setNumber(bytes, random) {
    const changed = Buffer.from(bytes);
    if (changed.length < 4) return changed;
    changed.writeUInt32BE(random.pick(interesting), random.below(changed.length - 3));
    return changed;
  },
  /** A length that is off by a little. */
  function nudgeNumber(bytes, random) {
    const changed = Buffer.from(bytes);
    if (changed.length < 4) return changed;
    const at = random.below(changed.length - 3);
    changed.writeUInt32BE((changed.readUInt32BE(at) + random.pick([-1, 1, -20, 20])) >>> 0, at);
    return changed;
  },
  /** A number as protobuf writes it, with its length in front of it or not. */
  function setVarint(bytes, random) {
    const at = cut(bytes, random);
    const written: number[] = [];
    let rest = random.pick(interesting);
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) written.push((rest % 0x80) | 0x80);
    written.push(rest);
    return Buffer.concat([bytes.subarray(0, at), Buffer.from(written), bytes.subarray(at + random.below(3))]);
  },
  /** A decimal number in a text. */
  function setDecimal(bytes, random) {
    const text = bytes.toString('latin1');
    const numbers = [...text.matchAll(/\d+/g)];
    if (numbers.length === 0) return bytes;
    const { index, 0: digits } = random.pick(numbers);
    const value = random.chance(0.2) ? '1e999' : String(random.pick(interesting));
    return Buffer.from(text.slice(0, index) + value + text.slice(index + digits.length), 'latin1');
  },
];

/** A place between two bytes, the ends among them. */
function cut(bytes: Buffer, random: Random): number {
  return random.below(bytes.length + 1);
}

/** One entry of the corpus, changed one to eight times; now and then as it is. */
export function mutate(corpus: readonly Buffer[], random: Random): Buffer {
  let bytes = random.pick(corpus);
  if (random.chance(0.02)) return Buffer.from(bytes);
  for (let times = 1 + random.below(random.pick([1, 2, 4, 8])); times > 0; times--) {
    if (bytes.length === 0) bytes = Buffer.from(random.pick(corpus));
    if (bytes.length > 0) bytes = random.pick(mutators)(bytes, random, random.pick(corpus));
  }
  return bytes;
}
