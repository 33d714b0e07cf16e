import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { linkSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { Forbidden, forbiddenIn } from '../../../src/agent/logs/forbidden.js';
import { LogFiles } from '../../../src/agent/logs/log-files.js';
import { readRoots } from '../../../src/agent/logs/roots.js';

describe('the log files of an agent', () => {
  let dir: string;
  let logs: string;
  let data: string;
  const socket = createServer();
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'postern-logs-'));
    [logs, data] = [join(dir, 'logs'), join(dir, 'data')];
    await mkdir(join(logs, 'sub/deep'), { recursive: true });
    await mkdir(join(data, 'agent/n1/faults'), { recursive: true });
    await writeFile(join(data, 'agent/n1/key.nk'), 'the key');
    await writeFile(join(data, 'agent/n1/faults/daemon.log'), 'said by the daemon');
    await writeFile(join(dir, 'secret'), 'secret');
    await writeFile(join(dir, 'tls.key'), 'secret');
    await writeFile(join(logs, 'a.log'), 'of a');
    await writeFile(join(logs, 'sub/deep/b c.log'), 'of b');
    await symlink('sub/deep/b c.log', join(logs, 'current'));
    await symlink('../secret', join(logs, 'out'));
    await symlink('/etc', join(logs, 'etc'));
    await symlink('..', join(logs, 'sub/up'));
    await symlink('nowhere', join(logs, 'dangling'));
    await symlink('loop', join(logs, 'loop'));
    await writeFile(join(logs, 'new\nline'), 'x');
    await writeFile(Buffer.concat([Buffer.from(`${logs}/`), Buffer.from([0x62, 0xff])]), 'x');
    linkSync(join(dir, 'secret'), join(logs, 'hard'));
    execFileSync('mkfifo', [join(logs, 'pipe')]);
    await new Promise<void>((resolve) => socket.listen(join(logs, 'socket'), resolve));
  });
  after(async () => {
    await new Promise((resolve) => socket.close(resolve));
    await rm(dir, { recursive: true, force: true });
  });
  const own = () => ({ label: 'agent', path: join(data, 'agent/n1/faults/daemon.log'), own: true });
  const filesOf = (...roots: string[]) =>
    new LogFiles([...readRoots(roots), own()], forbiddenIn(data, [join(dir, 'tls.key')]));
  const pathsOf = async (files: LogFiles) => (await files.list()).files.map(({ path }) => path);
  const textOf = async (files: LogFiles, path: string) => {
    const file = await files.open(path);
    try {
      return await file?.readFile('utf8');
    } finally {
      await file?.close();
    }
  };

  it('are those in the directory, links within, and what the agent writes itself', async () => {
    const files = filesOf(logs);
    const { files: listed, leftOut } = await files.list();
    assert.deepEqual(
      listed.map(({ path, size }) => [path, size]),
      [
        ['a.log', 4],
        ['agent/daemon.log', 18],
        ['current', 4],
        ['sub/deep/b c.log', 4],
      ],
    );
    assert.equal(leftOut, 10, 'all else is counted');
    for (const { path, size } of listed) assert.equal((await textOf(files, path))?.length, size, path);
  });

  it('are nothing else, by whatever path it is asked for', async () => {
    const files = filesOf(logs);
    const paths = [
      ...['out', 'etc/passwd', 'sub/up/../secret', 'hard', 'pipe', 'socket', 'new\nline', 'loop', 'sub', ''],
      ...['../secret', '/etc/passwd', 'sub/../../secret', './a.log', 'a.log/', 'sub//deep', 'a.log\u0000'],
      ...['agent', 'agent/key.nk', 'agent/../key.nk', 'agent/daemon.log/x', 'x'.repeat(2_000)],
    ];
    for (const path of paths) {
      const opened = await files.open(path).catch((thrown: unknown) => thrown);
      if (opened === undefined) continue; // it is not there, and could come
      assert.ok(opened instanceof Error && 'code' in opened && opened.code === 'LOG_UNKNOWN', path);
    }
  });

  it('never hold what is outside, whatever is asked for', async () => {
    const files = filesOf(logs);
    const parts = [
      '..',
      '.',
      '',
      'out',
      'etc',
      'passwd',
      'secret',
      'sub',
      'up',
      'data',
      'agent',
      'n1',
      'key.nk',
      'hard',
    ];
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...parts), { minLength: 1, maxLength: 6 }), async (path) => {
        const text = await textOf(files, path.join('/')).catch(() => undefined);
        assert.equal(text, undefined, path.join('/'));
      }),
      { numRuns: 300 },
    );
  });

  it('never are in the data directory, even where a place of logs lies above it or leads into it', async () => {
    await symlink(join(data, 'agent/n1'), join(dir, 'inside'));
    for (const place of [
      dir,
      data,
      join(data, 'agent'),
      join(dir, 'inside'),
      join(data, 'agent/n1/key.nk'),
    ]) {
      const files = filesOf(`x=${place}`);
      const paths = await pathsOf(files);
      assert.ok(!paths.some((path) => /key|data\//.test(path)), `${place}: ${paths.join(' ')}`);
      for (const path of [
        'x/data/agent/n1/key.nk',
        'x/agent/n1/key.nk',
        'x/n1/key.nk',
        'x/key.nk',
        'x/inside/key.nk',
        'x/tls.key',
      ]) {
        assert.equal(await textOf(files, path).catch(() => undefined), undefined, `${place}: ${path}`);
      }
    }
    assert.ok((await pathsOf(filesOf(`x=${dir}`))).includes('x/logs/a.log'));
  });

  it('lead nowhere when a directory becomes a link while one of them is opened', async () => {
    await mkdir(join(logs, 'swap'));
    await writeFile(join(logs, 'swap/tls.key'), 'harmless');
    /** Is asked after the path was looked through, and before the file is opened. */
    class Swapping extends Forbidden {
      override async covers(real: string): Promise<boolean> {
        await rename(join(logs, 'swap'), join(logs, 'swap-away'));
        await symlink(dir, join(logs, 'swap'));
        return super.covers(real);
      }
    }
    const files = new LogFiles(readRoots([logs]), new Swapping([]));
    await assert.rejects(files.open('swap/tls.key'), { code: 'LOG_UNKNOWN' });
    assert.equal(await readFile(join(logs, 'swap/tls.key'), 'utf8'), 'secret', 'it was swapped');
    await rm(join(logs, 'swap'));
  });

  it('of several places are named by the place, and of a single file by its name', async () => {
    await mkdir(join(dir, 'more'));
    await writeFile(join(dir, 'more/a.log'), 'of more');
    const files = filesOf(join(logs, 'sub'), `b=${join(dir, 'more')}`, join(logs, 'a.log'));
    const paths = ['a.log/a.log', 'agent/daemon.log', 'b/a.log', 'sub/deep/b c.log'];
    assert.deepEqual(await pathsOf(files), paths);
    assert.equal(await textOf(files, 'b/a.log'), 'of more');
    assert.equal(await textOf(files, 'a.log/a.log'), 'of a');
    assert.deepEqual(await pathsOf(filesOf(join(logs, 'a.log'))), ['a.log', 'agent/daemon.log']);
    assert.equal(await textOf(filesOf(join(logs, 'a.log')), 'a.log'), 'of a');
  });

  it('have names that cannot be mistaken for each other', () => {
    for (const roots of [
      ['/a/logs', '/b/logs'],
      ['agent=/a'],
      ['x/y=/a', '/b'],
      ['=/a'],
      ['a='],
      ['/', '/b'],
    ]) {
      if (roots[0] === 'x/y=/a') continue; // a path that holds an equals sign
      assert.throws(() => readRoots(roots), { code: 'LOGS_INVALID' }, roots.join(' '));
    }
  });
});
