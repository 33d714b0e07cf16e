import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Client, TrustedProxies } from '../../src/wire/client.js';
import { canonicalAddress, ownNetworkOf } from '../../src/wire/networks.js';

const proxies = new TrustedProxies(['10.0.0.0/8', '2001:db8:1::/48', 'unix']);

describe('the client that trusted proxies name', () => {
  /** Who asks, what stands in the two headers, and who it is taken for; undefined: the request is refused. */
  const rows: readonly [
    what: string,
    peer: string,
    said: { 'x-forwarded-for'?: string; forwarded?: string },
    client: string | undefined,
  ][] = [
    ['nobody is named', '10.0.0.1', {}, '10.0.0.1'],
    ['one address', '10.0.0.1', { 'x-forwarded-for': '192.0.2.1' }, '192.0.2.1'],
    ['the proxy is not trusted', '192.0.2.9', { 'x-forwarded-for': '192.0.2.1' }, '192.0.2.9'],
    ['the proxy is not trusted, and neither can be read', '192.0.2.9', { forwarded: '"' }, '192.0.2.9'],
    ['over a unix socket', 'unix', { 'x-forwarded-for': '192.0.2.1' }, '192.0.2.1'],
    [
      'what the client made up stands left',
      '10.0.0.1',
      { 'x-forwarded-for': '1.1.1.1, 192.0.2.1' },
      '192.0.2.1',
    ],
    ['two proxies', '10.0.0.1', { 'x-forwarded-for': '1.1.1.1, 192.0.2.1,10.0.0.2' }, '192.0.2.1'],
    ['proxies alone', '10.0.0.1', { 'x-forwarded-for': '10.0.0.3, 10.0.0.2' }, '10.0.0.3'],
    ['with a port', '10.0.0.1', { 'x-forwarded-for': '192.0.2.1:4711' }, '192.0.2.1'],
    ['IPv6', '10.0.0.1', { 'x-forwarded-for': '2001:DB8::7' }, '2001:db8::7'],
    ['IPv6 with a port', '10.0.0.1', { 'x-forwarded-for': '[2001:db8::7]:1' }, '2001:db8::7'],
    ['IPv4 within IPv6', '10.0.0.1', { 'x-forwarded-for': '::ffff:192.0.2.1' }, '192.0.2.1'],
    ['a proxy with IPv6', '2001:db8:1::5', { 'x-forwarded-for': '192.0.2.1' }, '192.0.2.1'],
    ['no address', '10.0.0.1', { 'x-forwarded-for': '192.0.2.1, unknown' }, '10.0.0.1'],
    [
      'no address behind two proxies',
      '10.0.0.1',
      { 'x-forwarded-for': '192.0.2.1, junk, 10.0.0.2' },
      '10.0.0.2',
    ],
    ['nothing at all', '10.0.0.1', { 'x-forwarded-for': '' }, '10.0.0.1'],
    ['Forwarded', '10.0.0.1', { forwarded: 'for=192.0.2.1' }, '192.0.2.1'],
    [
      'Forwarded with all it may have',
      '10.0.0.1',
      { forwarded: 'For="[2001:db8::7]:4711";proto=https; by=10.0.0.1 , for=10.0.0.2;host="a,b;c=\\"d"' },
      '2001:db8::7',
    ],
    ['Forwarded, hidden', '10.0.0.1', { forwarded: 'for=_hidden' }, '10.0.0.1'],
    ['Forwarded without for', '10.0.0.1', { forwarded: 'for=192.0.2.1, proto=http' }, '10.0.0.1'],
    ['Forwarded that cannot be read', '10.0.0.1', { forwarded: 'for="192.0.2.1, for=192.0.2.2' }, undefined],
    ['Forwarded of no pairs', '10.0.0.1', { forwarded: '192.0.2.1' }, undefined],
    [
      'both, the same',
      '10.0.0.1',
      { forwarded: 'for=192.0.2.1', 'x-forwarded-for': '192.0.2.1' },
      '192.0.2.1',
    ],
    [
      'both, not the same',
      '10.0.0.1',
      { forwarded: 'for=192.0.2.2', 'x-forwarded-for': '192.0.2.1' },
      undefined,
    ],
  ];
  for (const [what, peer, said, client] of rows) {
    test(what, () => assert.equal(new Client(peer, false, proxies).addressIn(said), client));
  }

  test('a long list takes no time', () => {
    const forwarded = `${'for=10.0.0.1;a="\\"",'.repeat(800)}for="${'\\'.repeat(1_000)}`;
    const begun = process.cpuUsage();
    new Client('10.0.0.1', false, proxies).addressIn({
      forwarded,
      'x-forwarded-for': '10.0.0.1,'.repeat(1_800),
    });
    const { user } = process.cpuUsage(begun);
    assert.ok(user < 200_000, `${user} µs`);
  });
});

test('addresses have one form', () => {
  for (const [text, canonical] of [
    ['1.2.3.4', '1.2.3.4'],
    ['::FFFF:1.2.3.4', '1.2.3.4'],
    ['::ffff:102:304', '1.2.3.4'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['fe80::1%eth0', undefined],
    ['1.2.3', undefined],
    ['', undefined],
  ] as const) {
    assert.equal(canonicalAddress(text), canonical, text);
  }
});

test('a client has an address of IPv4, or a /64 network of IPv6, to itself', () => {
  for (const [address, network] of [
    ['1.2.3.4', '1.2.3.4'],
    ['unix', 'unix'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8::2:3:4:5', '2001:db8:0:0::/64'],
    ['2001:db8::1:2:3:4:5', '2001:db8:0:1::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::1.2.3.4', '0:0:0:0::/64'],
    ['64:ff9b:1:2:3:4:1.2.3.4', '64:ff9b:1:2::/64'],
  ] as const) {
    assert.equal(ownNetworkOf(address), network, address);
  }
});
