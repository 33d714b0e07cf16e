import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { openKeptTarget } from '../../../src/agent/infra/kept-target.js';
import { peerTarget } from '../../../src/agent/infra/peer-target.js';
import { testLog } from '../../support/nats.js';

const home = '127.0.0.1:9091';
const places = { own: [home], allowed: ['daemon.example:9091', '[2001:db8::7]:9092'] };

/** Where that leads, or why nowhere. */
function target(host: string, port = '9091', among: typeof places = places): string {
  try {
    return peerTarget({ host, port }, among);
  } catch (thrown) {
    return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'FAILED';
  }
}

test('all names of this machine are the daemon that is known, and its other addresses are other daemons', () => {
  for (const host of ['127.0.0.1', 'localhost', 'Localhost', 'localhost.', '::1', '[::1]', '::ffff:7f00:1']) {
    assert.equal(target(host), home, host);
  }
  assert.equal(target('localhost', '9092'), '127.0.0.1:9092');
  assert.equal(target('127.0.0.2'), '127.0.0.2:9091');
  assert.equal(target('::ffff:127.9.9.9'), '127.9.9.9:9091');
  for (const own of ['localhost:9091', ':9091', '[::1]:9091']) {
    assert.equal(target('127.0.0.1', '9091', { own: [own], allowed: [] }), own);
  }
  assert.equal(target('127.0.0.1', '9091', { own: ['unix:/run/d.sock'], allowed: [] }), home);
});

test('daemons elsewhere may be named only where the agent was told of them, with that port', () => {
  assert.equal(target('Daemon.Example.'), 'daemon.example:9091');
  assert.equal(target('daemon.example', '9092'), 'PEER_FORBIDDEN');
  assert.equal(target('2001:DB8:0::7', '9092'), '[2001:db8::7]:9092');
  const own = ['10.1.2.3:9091'];
  assert.equal(target('10.1.2.3', '9091', { own, allowed: [] }), own[0]);
  assert.equal(target('::ffff:10.1.2.3', '9091', { own, allowed: [] }), own[0]);
});

test('nothing leads to another machine: no other spelling of an address, and no name that others may own', () => {
  const tricks = [
    ...[
      '10.0.0.1',
      '169.254.169.254',
      '0.0.0.0',
      '::',
      '::ffff:10.0.0.1',
      'fd00::1',
      '::127.0.0.1',
      '64:ff9b::7f00:1',
    ],
    ...[
      '2130706433',
      '127.1',
      '0177.0.0.1',
      '0x7f.0.0.1',
      '127.0.0.1.nip.example',
      'localhost.example',
      'evil',
    ],
  ];
  for (const host of tricks) assert.equal(target(host), 'PEER_FORBIDDEN', host);
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain()), (host) => {
      const found = target(host, '9999');
      if (host.startsWith('127.') && isIP(host) === 4) assert.equal(found, `${host}:9999`);
      else if (found !== 'PEER_FORBIDDEN') assert.match(found, /^(127\.[\d.]+|\[::1\]):9999$/);
    }),
  );
});

test('what is no host or no port is told as that', () => {
  const noHosts = [
    '',
    ' ',
    'a b',
    'http://x',
    'unix:/x',
    '/run/x',
    '127.0.0.1:9091',
    '[127.0.0.1]',
    '[::1',
    '::1%lo',
  ];
  for (const host of [...noHosts, 'x'.repeat(300), 'a\0b', 'a\nb'])
    assert.equal(target(host), 'PEER_INVALID', host);
  for (const port of ['', '0', '65536', '-1', '+1', '1e3', ' 1', '9091x', '0x1', '１', '000001']) {
    assert.equal(target('localhost', port), 'PEER_INVALID', port);
  }
});

test('which daemon was named last is kept, for as long as it may be named and the agent is told of the same one', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'postern-kept-'));
  t.after(() => rm(directory, { recursive: true }));
  const open = async (told = home, allowed: string[] = []) =>
    (await openKeptTarget({ directory, home: told, allowed, log: testLog })).target;
  const kept = await openKeptTarget({ directory, home, allowed: [], log: testLog });
  assert.equal(kept.target, home);
  await kept.keep('127.0.0.1:9555');
  assert.equal(await open(), '127.0.0.1:9555');
  assert.equal(await open('127.0.0.1:9092'), '127.0.0.1:9092');
  await kept.keep('10.0.0.1:9555');
  assert.equal(await open(), home);
  assert.equal(await open(home, ['10.0.0.1:9555']), '10.0.0.1:9555');
  await kept.keep('unix:/run/docker.sock');
  assert.equal(await open(), home);
  await writeFile(join(directory, 'daemon.json'), 'no JSON');
  assert.equal(await open(), home);
  assert.equal(await readFile(join(directory, 'daemon.json'), 'utf8'), 'no JSON');
});
