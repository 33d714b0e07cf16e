import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { withoutGo } from '../../../scripts/go-toolchain.js';
import { noise, sha256 } from '../../hub/logs/stage.js';
import { Fleet } from '../../support/fleet.js';
import { type S3Server, startS3 } from './s3-server.js';

describe('logs that are kept in an object store', { skip: await withoutGo() }, () => {
  let fleet: Fleet;
  let s3: S3Server;
  let logs: string;
  let hub: Awaited<ReturnType<Fleet['up']>>;
  let url: string;
  const big = noise(20_000_000).bytes;
  before(async () => {
    fleet = await Fleet.make();
    s3 = await startS3(fleet.dir);
    logs = join(fleet.dir, 'logs');
    await mkdir(join(logs, 'sub'), { recursive: true });
    await writeFile(join(logs, 'a b+c.log'), 'small\n');
    await writeFile(join(logs, 'empty.log'), '');
    await writeFile(join(logs, 'sub/big.log'), big);
    const settings = ['bucket', s3.bucket, 'endpoint', s3.endpoint, 'prefix', 'postern/'].flatMap(
      (word, at) => (at % 2 === 0 ? [`--logs-s3-${word}`] : [word]),
    );
    hub = await fleet.start(
      ['up', '--listen', '127.0.0.1:0', '--metrics', 'off', '--logs-s3-path-style', ...settings],
      { env: s3.env },
    );
    url = `http://${await fleet.hubAddress()}`;
    await fleet.agent('cellar', [], ['--logs', logs]);
  });
  after(async () => {
    await fleet.stop();
    await s3.kill();
  });

  it('are objects there, with links to them, and nothing of them stays in the bus', async () => {
    const done = await fleet.postern(['logs', 'cellar', '--upload', 'f/n', '-o', 'json'], {
      timeoutMs: 120_000,
    });
    assert.equal(done.code, 0, done.stderr);
    const at = `${s3.endpoint}/${s3.bucket}/postern/test-run-f/n`;
    assert.deepEqual(JSON.parse(done.stdout).links, [
      `${at}/a%20b%2Bc.log`,
      `${at}/empty.log`,
      `${at}/sub/big.log`,
    ]);
    const home = join(s3.files, 'postern/test-run-f/n');
    assert.deepEqual((await readdir(home)).sort(), ['a b+c.log', 'empty.log', 'sub']);
    assert.equal(await readFile(join(home, 'a b+c.log'), 'utf8'), 'small\n');
    assert.equal(sha256(await readFile(join(home, 'sub/big.log'))), sha256(big));
    assert.equal((await fetch(`${at}/empty.log`)).status, 403, 'the bucket is not open to everybody');
  });

  it('are fetched by way of the hub too', async () => {
    const file = join(fleet.dir, 'fetched');
    const got = await fleet.postern(['logs', 'get', 'test-run-f/n/sub/big.log', '-O', file]);
    assert.equal(got.code, 0, got.stderr);
    assert.equal(sha256(await readFile(file)), sha256(big));
    const authorization = `Bearer ${await fleet.callerToken('reader')}`;
    const range = 'bytes=19999990-';
    const part = await fetch(`${url}/logs/test-run-f/n/sub/big.log`, { headers: { authorization, range } });
    assert.equal(part.status, 206);
    assert.deepEqual(Buffer.from(await part.arrayBuffer()), big.subarray(19_999_990));
    const empty = await fetch(`${url}/logs/test-run-f/n/empty.log`, { headers: { authorization } });
    assert.deepEqual([empty.status, await empty.text()], [200, '']);
  });

  it('wait for an object store that is away, and are brought when it is back', async () => {
    await s3.kill();
    await writeFile(join(logs, 'late.log'), 'late\n');
    const done = fleet.postern(['logs', 'cellar', '--upload', 'f/n'], { timeoutMs: 120_000 });
    const isTold = () => hub.stderr().includes('cannot be used now');
    for (let i = 0; i < 600 && !isTold(); i++) await new Promise((resolve) => setTimeout(resolve, 50));
    assert.ok(isTold(), hub.stderr());
    await s3.start();
    const { code, stderr } = await done;
    assert.equal(code, 0, stderr);
    assert.equal(await readFile(join(s3.files, 'postern/test-run-f/n/late.log'), 'utf8'), 'late\n');
    assert.ok(!hub.stderr().includes(s3.env.AWS_SECRET_ACCESS_KEY ?? '-'), 'the key is in no log');
  });
});
