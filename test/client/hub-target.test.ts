import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { defaultDataDirectory } from '../../src/client/data-directory.js';
import { connectHub } from '../../src/client/hub-connection.js';
import { readHubFile, removeHubFile, writeHubFile } from '../../src/client/hub-file.js';
import { findHub, parseHub } from '../../src/client/hub-target.js';
import { run } from '../support/processes.js';

let data: string;
before(async () => {
  data = await mkdtemp(path.join(tmpdir(), 'postern-data-'));
});
after(() => rm(data, { recursive: true, force: true }));

const nothing = { hub: undefined, token: undefined, tokenFile: undefined };

function fileOf(pid: number, listen: string[]) {
  return { pid, listen, nats: 'nats://127.0.0.1:4222', metrics: '', startedAtMs: 1 };
}

test('what was said wins over the data directory, that over the default', async () => {
  assert.deepEqual(await findHub({ ...nothing, data }), {
    address: '127.0.0.1:9090',
    from: 'the default',
    token: undefined,
  });
  await writeHubFile(data, fileOf(process.pid, ['0.0.0.0:1234', '127.0.0.1:5']));
  await mkdir(path.join(data, 'tokens'));
  await writeFile(path.join(data, 'tokens/admin.jwt'), 'admin-token\n');
  assert.deepEqual(await findHub({ ...nothing, data }), {
    address: '127.0.0.1:1234',
    from: `from ${data}/hub.json`,
    token: 'admin-token',
  });
  const file = path.join(data, 'token');
  await writeFile(file, 'from-a-file\n');
  assert.equal((await findHub({ ...nothing, tokenFile: file, data })).token, 'from-a-file');
  assert.deepEqual(await findHub({ hub: 'http://h:1/', token: 't', tokenFile: file, data }), {
    address: 'h:1',
    from: 'as told',
    token: 't',
  });
  await assert.rejects(findHub({ ...nothing, tokenFile: '/no/such', data }), {
    code: 'TOKEN_UNREADABLE',
    exitCode: 2,
  });
});

test('hub.json is private, taken back by its own process alone, and not believed when that has gone', async () => {
  await writeHubFile(data, fileOf(process.pid, ['127.0.0.1:1']));
  assert.equal((await stat(path.join(data, 'hub.json'))).mode & 0o777, 0o600);
  await removeHubFile(data, process.pid + 1);
  assert.equal((await readHubFile(data))?.pid, process.pid);
  await removeHubFile(data, process.pid);
  assert.equal(await readHubFile(data), undefined);

  const gone = await run(process.execPath, ['-p', 'process.pid']);
  await writeHubFile(data, fileOf(Number(gone.stdout), ['127.0.0.1:1']));
  assert.equal(await readHubFile(data), undefined);
  // The id is another process's by now, as after a power cut; a file of an older release tells no more than the id.
  await writeHubFile(data, fileOf(process.pid, ['127.0.0.1:1']));
  const { mark, ...older } = JSON.parse(await readFile(path.join(data, 'hub.json'), 'utf8'));
  await writeFile(path.join(data, 'hub.json'), JSON.stringify({ ...older, mark: `${mark}0` }));
  assert.equal(await readHubFile(data), undefined);
  await writeFile(path.join(data, 'hub.json'), JSON.stringify(older));
  assert.equal((await readHubFile(data))?.pid, process.pid);
  await writeFile(path.join(data, 'hub.json'), '{"pid":');
  assert.equal(await readHubFile(data), undefined);
  assert.match(await readFile(path.join(data, 'hub.json'), 'utf8'), /pid/);
});

test('addresses of hubs', () => {
  assert.deepEqual(parseHub('http://[::1]:9'), { address: '[::1]:9', tls: false });
  assert.deepEqual(parseHub('hub.example.org:443'), { address: 'hub.example.org:443', tls: false });
  assert.deepEqual(parseHub('https://hub.example.org/'), { address: 'hub.example.org:443', tls: true });
  assert.deepEqual(parseHub('https://[::1]:8443'), { address: '[::1]:8443', tls: true });
  assert.deepEqual(parseHub('unix:/run/hub'), { address: 'unix:/run/hub', tls: false });
  for (const bad of ['', 'h', 'h:0', 'h:70000', 'http://', 'https://h:0', 'h:1/path', 'unix:', '>:1']) {
    assert.throws(() => parseHub(bad), { code: 'HUB_INVALID', exitCode: 2 }, bad);
  }
});

test('the data directory follows XDG', () => {
  assert.equal(defaultDataDirectory({ XDG_STATE_HOME: '/state' }), '/state/postern');
  assert.match(defaultDataDirectory({ XDG_STATE_HOME: 'relative' }), /\.local\/state\/postern$/);
  assert.match(defaultDataDirectory({}), /\.local\/state\/postern$/);
});

test('a hub that is not there is told at once', async () => {
  const startedAt = performance.now();
  const target = { address: '127.0.0.1:1', from: 'as told', token: undefined };
  await assert.rejects(connectHub(target, 30_000), { code: 'HUB_UNREACHABLE', exitCode: 1 });
  assert.ok(performance.now() - startedAt < 5_000);
});
