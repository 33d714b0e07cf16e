import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { appendFile, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { connect, type OutgoingHttpHeaders } from 'node:http2';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { noise } from '../../hub/logs/stage.js';
import { Fleet } from '../../support/fleet.js';
import { followLog } from './follow.js';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

describe('logs of a node', () => {
  let fleet: Fleet;
  let logs: string;
  let url: string;
  const big = noise(1_500_000).bytes;
  before(async () => {
    fleet = await Fleet.make();
    logs = join(fleet.dir, 'logs');
    await mkdir(join(logs, 'sub'), { recursive: true });
    await writeFile(join(logs, 'app.log'), 'one\ntwo\nthree\n');
    await writeFile(join(logs, 'sub/big log'), big);
    await fleet.up();
    await fleet.agent('cellar', [], ['--logs', logs]);
    url = `http://${await fleet.hubAddress()}`;
  });
  after(() => fleet.stop());

  /** A question over HTTP/2 or HTTP/1.1. */
  const get = async (path: string, fields: Record<string, string> = {}, method = 'GET') =>
    fetch(url + path, { method, headers: fields });
  const bearer = async (name: string, ...extra: string[]) => ({
    authorization: `Bearer ${await fleet.callerToken(name, extra)}`,
  });

  it('are listed with their sizes, and printed, or their last lines', async () => {
    const listed = await fleet.postern(['logs', 'cellar', '-o', 'json']);
    const { files } = JSON.parse(listed.stdout);
    assert.deepEqual(
      files.map(({ path, size }: { path: string; size: number }) => [path, size]),
      [
        ['app.log', 14],
        ['sub/big log', big.length],
      ],
    );
    assert.match((await fleet.postern(['logs', 'cellar'])).stdout, /^app\.log +14 B /m);
    assert.equal((await fleet.postern(['logs', 'cellar', 'app.log'])).stdout, 'one\ntwo\nthree\n');
    assert.equal((await fleet.postern(['logs', 'cellar', 'app.log', '--tail', '1'])).stdout, 'three\n');
    const out = await fleet.postern(['logs', 'cellar', '../../etc/passwd']);
    assert.deepEqual([out.code, out.stdout], [69, '']);
    assert.match(out.stderr, /NOT_FOUND .*there is no log file/);
    assert.equal((await fleet.postern(['logs', 'cellar', '--tail', '1'])).code, 2, 'of which one?');
  });

  it('are followed through a rotation', async () => {
    const log = await followLog(fleet, ['logs', 'cellar', 'app.log', '--follow', '--tail', '1']);
    await log.until('three\n');
    await appendFile(join(logs, 'app.log'), 'four\n');
    await log.until('three\nfour\n');
    await rename(join(logs, 'app.log'), join(logs, 'app.log.1'));
    await writeFile(join(logs, 'app.log'), 'five\n');
    await log.until('three\nfour\nfive\n');
    assert.match(await log.stop(), /another file has taken its place/);
  });

  it('come to the hub, where they are fetched by whoever may read the logs of the node', async () => {
    const done = await fleet.postern(['logs', 'cellar', '--upload', 'day 1/one', '-o', 'json']);
    assert.equal(done.code, 0, done.stderr);
    const { count, links } = JSON.parse(done.stdout);
    assert.equal(count, 3);
    const link: string = links[2];
    assert.equal(link, `${url}/logs/test-run-day%201/one/sub/big%20log`);
    const { pathname } = new URL(link);

    const whole = await get(pathname, await bearer('reader'));
    assert.equal(whole.status, 200);
    assert.equal(whole.headers.get('content-type'), 'text/plain; charset=utf-8');
    assert.equal(whole.headers.get('x-content-type-options'), 'nosniff');
    assert.equal(
      whole.headers.get('content-disposition'),
      `attachment; filename="big_log"; filename*=UTF-8''big%20log`,
    );
    assert.equal(sha256(Buffer.from(await whole.arrayBuffer())), sha256(big));
    const tag = whole.headers.get('etag') ?? '';
    const token = await bearer('again');
    const part = await get(pathname, { ...token, range: 'bytes=262143-524289', 'if-range': tag });
    assert.deepEqual(
      [part.status, part.headers.get('content-range')],
      [206, `bytes 262143-524289/${big.length}`],
    );
    assert.equal(sha256(Buffer.from(await part.arrayBuffer())), sha256(big.subarray(262_143, 524_290)));
    assert.equal((await get(pathname, { ...token, range: 'bytes=9999999-' })).status, 416);
    assert.equal((await get(pathname, { ...token, 'if-none-match': tag })).status, 304);
    const head = await get(pathname, token, 'HEAD');
    assert.deepEqual([head.status, head.headers.get('content-length')], [200, String(big.length)]);
    assert.equal((await get(pathname, token, 'POST')).status, 405);
    assert.equal(sha256(await overHttp2(url, { ':path': pathname, ...token })), sha256(big));

    assert.equal((await get(pathname)).status, 401);
    assert.equal((await get(pathname, { authorization: 'Bearer nonsense' })).status, 401);
    assert.equal((await get(pathname, await bearer('elsewhere', '--nodes', 'attic'))).status, 404);
    assert.equal((await get(pathname, await bearer('other', '--methods', 'x.Y/Z'))).status, 403);
    assert.equal((await get('/logs/../hub.json', token)).status, 404);
    assert.equal((await get('/logs/test-run-day%201/one/nothing', token)).status, 404);
  });

  it('are listed and fetched by name, and change when they are brought again', async () => {
    const fetched = join(fleet.dir, 'fetched');
    const got = await fleet.postern(['logs', 'get', 'test-run-day 1/one/sub/big log', '-O', fetched]);
    assert.equal(got.code, 0, got.stderr);
    assert.equal(sha256(await readFile(fetched)), sha256(big));
    await appendFile(join(logs, 'app.log'), 'six\n');
    assert.equal((await fleet.postern(['logs', 'cellar', '--upload', 'day 1/one'])).code, 0);
    const listed = await fleet.postern(['logs', 'ls', 'day 1', '-o', 'json']);
    const files: { key: string; node: string; size: number }[] = JSON.parse(listed.stdout);
    assert.deepEqual(
      files.map(({ key, node, size }) => [key, node, size]),
      [
        ['test-run-day 1/one/app.log', 'cellar', 9],
        ['test-run-day 1/one/app.log.1', 'cellar', 19],
        ['test-run-day 1/one/sub/big log', 'cellar', big.length],
      ],
    );
    const link = `${url}/logs/test-run-day%201/one/app.log`;
    assert.equal((await fleet.postern(['logs', 'get', link])).stdout, 'five\nsix\n');
    const missing = await fleet.postern(['logs', 'get', 'test-run-x/y/z']);
    assert.deepEqual([missing.code, missing.stdout], [1, '']);
    assert.equal((await fleet.postern(['logs', 'get', 'nonsense'])).code, 2);
  });

  it('are not taken by whoever else would have them under the same name', async () => {
    await fleet.agent('attic', [], ['--logs', logs]);
    const refused = await fleet.postern(['logs', 'attic', '--upload', 'day 1/one']);
    assert.equal(refused.code, 73);
    assert.match(refused.stderr, /is a file of another node/);
  });
});

/** The body of an answer over HTTP/2. */
function overHttp2(url: string, headers: OutgoingHttpHeaders): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const session = connect(url);
    session.once('error', reject);
    const stream = session.request(headers);
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.once('error', reject);
    stream.once('end', () => {
      session.close();
      resolve(Buffer.concat(chunks));
    });
  });
}
