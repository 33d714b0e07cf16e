import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type ProxyReading, readProxyHeader } from '../../src/wire/proxy-protocol.js';
import { ends4, ends6, field, namedClient, tlsField, version1, version2 } from './proxy-headers.js';

const unixEnds = Buffer.alloc(216, 'a');
const longest = version2(Buffer.concat([ends4(), field(0x04, Buffer.alloc(4_096 - 16 - 12 - 3))]));

/** Preambles, and what they say: the address, and whether the client speaks TLS. */
const good: Readonly<Record<string, [Buffer, string | undefined, boolean?]>> = {
  'version 1, IPv4': [version1(), namedClient],
  'version 1, IPv6': [version1('2001:DB8:0::7'), '2001:db8::7'],
  'version 1, IPv4 within IPv6': [version1('::ffff:203.0.113.7'), namedClient],
  'version 1, the longest ports': [Buffer.from('PROXY TCP4 1.2.3.4 255.255.255.255 65535 0\r\n'), '1.2.3.4'],
  'version 1, unknown': [Buffer.from('PROXY UNKNOWN\r\n'), undefined],
  'version 1, unknown and 107 bytes': [Buffer.from(`PROXY UNKNOWN ${'x'.repeat(91)}\r\n`), undefined],
  'version 2, IPv4': [version2(ends4()), namedClient],
  'version 2, IPv6': [version2(ends6, { family: 0x21 }), '2001:db8::7'],
  'version 2, unix': [version2(unixEnds, { family: 0x31 }), 'unix'],
  'version 2, no family': [version2(Buffer.from('anything'), { family: 0 }), undefined],
  'version 2, of its own': [version2(Buffer.alloc(0), { command: 0x20, family: 0 }), undefined],
  'version 2, of its own, with a family': [version2(Buffer.from('abc'), { command: 0x20 }), undefined],
  'version 2, fields': [
    version2(Buffer.concat([ends4(), field(0x02, Buffer.from('hub.example')), field(0x04, Buffer.alloc(0))])),
    namedClient,
  ],
  'version 2, TLS': [
    version2(Buffer.concat([ends4(), field(0x01, Buffer.from('h2')), tlsField(1)])),
    namedClient,
    true,
  ],
  'version 2, no TLS': [version2(Buffer.concat([ends4(), tlsField(6)])), namedClient, false],
  'version 2, 4,096 bytes': [longest, namedClient],
};

const line = (text: string): Buffer => Buffer.from(`PROXY ${text}\r\n`, 'latin1');
const bad: Readonly<Record<string, Buffer>> = {
  'a family that is none': line('TCP5 1.2.3.4 1.2.3.4 1 1'),
  'a family in small letters': line('tcp4 1.2.3.4 1.2.3.4 1 1'),
  'an address of another family': line('TCP4 ::1 ::1 1 1'),
  'an address with a zone': line('TCP6 fe80::1%eth0 fe80::1 1 1'),
  'an address with a zero in front': line('TCP4 01.2.3.4 1.2.3.4 1 1'),
  'an address that is a name': line('TCP4 localhost localhost 1 1'),
  'a port that is too high': line('TCP4 1.2.3.4 1.2.3.4 65536 1'),
  'a port with a zero in front': line('TCP4 1.2.3.4 1.2.3.4 01 1'),
  'a negative port': line('TCP4 1.2.3.4 1.2.3.4 -1 1'),
  'no ports': line('TCP4 1.2.3.4 1.2.3.4'),
  'too many words': line('TCP4 1.2.3.4 1.2.3.4 1 1 1'),
  'two blanks': line('TCP4  1.2.3.4 1.2.3.4 1 1'),
  'a blank at the end': line('TCP4 1.2.3.4 1.2.3.4 1 1 '),
  'nothing known': line('UNKNOWNX'),
  'an end without CR': Buffer.from('PROXY TCP4 1.2.3.4 1.2.3.4 1 1\n'),
  'an end without LF': Buffer.from('PROXY TCP4 1.2.3.4 1.2.3.4 1 1\rGET'),
  'a NUL': line('UNKNOWN \0'),
  '108 bytes': line(`UNKNOWN ${'x'.repeat(92)}`),
  'no end': Buffer.from(`PROXY UNKNOWN ${'x'.repeat(200)}`),
  'another version': version2(ends4(), { command: 0x11 }),
  'another command': version2(ends4(), { command: 0x22 }),
  datagrams: version2(ends4(), { family: 0x12 }),
  'a family that is unknown': version2(ends4(), { family: 0x41 }),
  'addresses that are cut off': version2(ends4(), { length: 11 }),
  'IPv6 in the room of IPv4': version2(ends4(), { family: 0x21 }),
  'a field that is cut off': version2(Buffer.concat([ends4(), field(0x02, Buffer.from('ab'), 3)])),
  'the beginning of a field': version2(Buffer.concat([ends4(), Buffer.from([2, 0])])),
  'TLS of no length': version2(Buffer.concat([ends4(), field(0x20, Buffer.alloc(0))])),
  '4,097 bytes': version2(Buffer.concat([ends4(), Buffer.alloc(4_097 - 28)])),
};

/** What is read when the bytes come one by one: the first reading that is not `more`, and after how many bytes. */
function byteByByte(bytes: Buffer): [ProxyReading, number] {
  for (let length = 1; length <= bytes.length; length += 1) {
    const reading = readProxyHeader(bytes.subarray(0, length));
    if (reading !== 'more') return [reading, length];
  }
  return ['more', bytes.length];
}

describe('the preamble of a proxy', () => {
  for (const [name, [bytes, address, overTls = false]] of Object.entries(good)) {
    test(`is read: ${name}`, () => {
      const said = { length: bytes.length, address, overTls };
      assert.deepEqual(byteByByte(bytes), [said, bytes.length]);
      assert.deepEqual(readProxyHeader(Buffer.concat([bytes, Buffer.from('GET / HTTP/1.1\r\n')])), said);
    });
  }

  for (const [name, bytes] of Object.entries(bad)) {
    test(`is refused: ${name}`, () => {
      assert.equal(readProxyHeader(bytes), 'bad');
      const [reading, length] = byteByByte(bytes);
      assert.equal(reading, 'bad');
      assert.ok(length <= 4_096, `it took ${length} bytes`);
    });
  }

  test('is told from everything else as soon as can be', () => {
    for (const [text, after] of [
      ['GET / HTTP/1.1', 1],
      ['PRI * HTTP/2.0', 3],
      ['PROPFIND /', 4],
      ['PROXY\r\n', 6],
      ['\r\n\r\n\0\r\nQUIT\r', 12],
      ['\r\nGET / HTTP/1.1', 3],
      ['\x16\x03\x01', 1],
      ['{', 1],
    ] as const) {
      assert.deepEqual(byteByByte(Buffer.from(text, 'latin1')), ['none', after], text);
    }
  });
});
