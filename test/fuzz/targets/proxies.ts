import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { Client, TrustedProxies } from '../../../src/wire/client.js';
import { canonicalAddress } from '../../../src/wire/networks.js';
import { type ProxyReading, readProxyHeader } from '../../../src/wire/proxy-protocol.js';
import type { Corpus, FuzzTarget } from '../target.js';

const version1 = [
  'PROXY TCP4 192.0.2.1 198.51.100.1 4711 443\r\nGET / HTTP/1.1\r\n',
  'PROXY TCP6 2001:db8::1 2001:db8::2 4711 443\r\nPRI * HTTP/2.0\r\n',
  'PROXY UNKNOWN and more\r\n',
];
/** What follows the signature of version 2, in hexadecimal: IPv4, with fields (one says TLS), IPv6, unix, LOCAL. */
const version2 = [
  '2111000cc0000201c6336401126701bb',
  '21110017c0000201c6336401126701bb2000050100000000040000',
  `21210024${'20010db8'.repeat(8)}126701bb`,
  `213100d8${'61'.repeat(216)}`,
  '20000000',
];

/** Preambles of proxies: a reading stands as more bytes come, comes in time, and names an address or nobody. */
export function proxyHeaders(corpus: Corpus): FuzzTarget {
  return {
    seeds: [
      ...version1.map((text) => Buffer.from(text, 'latin1')),
      ...version2.map((hex) => Buffer.from(`0d0a0d0a000d0a515549540a${hex}`, 'hex')),
      ...corpus.firstBytes,
    ],
    feed(input) {
      let earlier: ProxyReading = 'more';
      for (let length = 1; length <= Math.min(input.length, 4_200); length++) {
        const reading = readProxyHeader(input.subarray(0, length));
        if (earlier !== 'more') {
          assert.deepEqual(reading, earlier, 'a reading was taken back');
          break;
        }
        earlier = reading;
        if (length >= 4_096) assert.notEqual(reading, 'more', 'it does not come to an end');
        if (typeof reading === 'string') continue;
        assert.equal(reading.length, length, 'it read on after its end, or before it');
        const { address } = reading;
        if (address !== undefined && address !== 'unix') {
          assert.ok(
            isIP(address) !== 0 && canonicalAddress(address) === address,
            `'${address}' is no address`,
          );
        }
      }
    },
  };
}

const proxies = new TrustedProxies(['10.0.0.0/8']);

/** What proxies note in a request: it names an address, and nothing that a client has made up changes it. */
export function forwardedFor(): FuzzTarget {
  const client = new Client('10.0.0.1', false, proxies);
  return {
    seeds: [
      '192.0.2.1, 10.0.0.2',
      '[2001:db8::1]:4711,192.0.2.1:5',
      'for="[2001:db8::1]:4711";proto=https, for=192.0.2.1;by="a\\"b,c"',
      'for=_hidden, for=unknown',
    ].map((text) => Buffer.from(text)),
    feed(input) {
      const text = input.toString('latin1').replace(/[\r\n\0]/g, ' ');
      for (const name of ['x-forwarded-for', 'forwarded']) {
        const address = client.addressIn({ [name]: text });
        if (address !== undefined)
          assert.equal(canonicalAddress(address), address, `'${address}' is no address`);
      }
      assert.equal(client.addressIn({ 'x-forwarded-for': `${text},192.0.2.9` }), '192.0.2.9');
    },
  };
}
