import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { findServerBinary } from '../../src/bus/server-binary.js';
import { pinnedVersion } from '../../src/bus/server-install.js';
import { natsServer, testLog } from '../support/nats.js';

const exec = promisify(execFile);
const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
const folder = `nats-server-v${pinnedVersion}-${process.platform}-${architecture}`;
const file = `${folder}.tar.gz`;

describe('finding a nats-server', { concurrency: true }, () => {
  let root: string;
  let real: string;
  let archive: Buffer;
  const opened: Server[] = [];
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'postern-binary-'));
    real = (await natsServer()).path;
    // a release, made of the real program
    await mkdir(join(root, folder));
    await copyFile(real, join(root, folder, 'nats-server'));
    await exec('tar', ['-czf', file, folder], { cwd: root });
    archive = await readFile(join(root, file));
  });
  after(async () => {
    for (const server of opened) {
      server.closeAllConnections();
      server.close();
    }
    await rm(root, { recursive: true, force: true });
  });

  /** A place for releases; without `answer` it takes connections and says nothing. */
  async function releases(answer?: (path: string) => Buffer | string | undefined): Promise<string> {
    const server = createServer((request, response) => {
      if (answer === undefined) return;
      const body = answer(request.url ?? '');
      response.writeHead(body === undefined ? 404 : 200).end(body ?? '');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    opened.push(server);
    const address = server.address();
    assert.ok(typeof address === 'object' && address !== null);
    return `http://127.0.0.1:${address.port}/download`;
  }
  const sums = (bytes: Buffer): string => {
    const sum = createHash('sha256').update(bytes).digest('hex');
    return `${'0'.repeat(64)}  another.tar.gz\n${sum}  ${file}\n`;
  };
  const serve = (sumText: string) => (path: string) => {
    if (path === `/download/v${pinnedVersion}/SHA256SUMS`) return sumText;
    return path === `/download/v${pinnedVersion}/${file}` ? archive : undefined;
  };
  const find = (name: string, env: NodeJS.ProcessEnv) =>
    findServerBinary({ toolsDir: join(root, name), log: testLog, env: { PATH: '', ...env } });
  const nowhere = 'http://127.0.0.1:9/download';

  it('takes the one that is named, or says why not', async () => {
    const found = await find('named', { POSTERN_NATS_SERVER: real });
    assert.equal(found.path, real);
    assert.match(found.version, /^2\.\d+\.\d+/);
    const old = join(root, 'old-server');
    await writeFile(old, '#!/bin/sh\necho nats-server: v2.8.4\n');
    await chmod(old, 0o755);
    for (const [named, text] of [
      ['/no/such', /cannot be run/],
      ['/bin/echo', /is no nats-server/],
      [old, /2\.8\.4, older than 2\.9/],
    ] as const) {
      await assert.rejects(find('named', { POSTERN_NATS_SERVER: named }), {
        code: 'NATS_SERVER_INVALID',
        exitCode: 2,
        message: text,
      });
    }
  });

  it('takes one on PATH, then one that was installed earlier', async () => {
    const [empty, bin, tools] = [join(root, 'empty'), join(root, 'bin'), join(root, 'tools')];
    for (const directory of [empty, bin, tools]) await mkdir(directory);
    await symlink(real, join(bin, 'nats-server'));
    await symlink(real, join(tools, 'nats-server'));
    const onPath = await find('tools', { PATH: [empty, bin].join(delimiter) });
    assert.deepEqual([onPath.path, onPath.source], [join(bin, 'nats-server'), 'found on PATH']);
    const earlier = await find('tools', { PATH: empty });
    assert.deepEqual([earlier.path, earlier.source], [join(tools, 'nats-server'), 'installed earlier']);
  });

  it('installs the release when its checksum is right', async () => {
    const found = await find('release', { POSTERN_NATS_RELEASES: await releases(serve(sums(archive))) });
    assert.equal(found.path, join(root, 'release/nats-server'));
    assert.equal(found.source, 'installed from the release');
    const left = await readdir(join(root, 'release'));
    assert.deepEqual(left.sort(), ['nats-server', 'nats-server.sha256'], 'nothing else is left behind');
    const sum = createHash('sha256').update(await readFile(join(root, 'release/nats-server')));
    const noted = await readFile(join(root, 'release/nats-server.sha256'), 'utf8');
    assert.equal(noted, `${sum.digest('hex')}\n`);
    const again = await find('release', { POSTERN_NATS_RELEASES: nowhere });
    assert.equal(again.source, 'installed earlier');
  });

  it('installs nothing when the checksum is wrong, missing, or nobody answers, and tells all it tried', async () => {
    const wrong = sums(Buffer.from('something else'));
    for (const [index, [base, text]] of [
      [await releases(serve(wrong)), /the release: .* has the checksum/] as const,
      [await releases(serve('')), /the release: its checksum file does not name/] as const,
      [await releases(() => undefined), /the release: cannot download .*HTTP status 404/] as const,
      [nowhere, /the release: cannot download/] as const,
    ].entries()) {
      await assert.rejects(find(`wrong${index}`, { POSTERN_NATS_RELEASES: base }), (error: unknown) => {
        assert.ok(error instanceof Error && 'code' in error && 'hint' in error);
        assert.equal(error.code, 'NO_NATS_SERVER');
        assert.match(error.message, text);
        assert.match(error.message, /the Go toolchain: .*the system's package: /);
        assert.match(String(error.hint), /POSTERN_NATS_SERVER/);
        return true;
      });
      assert.deepEqual(await readdir(join(root, `wrong${index}`)), []);
    }
  });

  it('does not wait long for a place that says nothing', async () => {
    const began = Date.now();
    const silent = find('silent', { POSTERN_NATS_RELEASES: await releases() });
    await assert.rejects(silent, { code: 'NO_NATS_SERVER', message: /timeout/i });
    assert.ok(Date.now() - began < 30_000, 'a download may take two minutes');
  });
});
