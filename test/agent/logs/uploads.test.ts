import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Forbidden } from '../../../src/agent/logs/forbidden.js';
import { LogFiles } from '../../../src/agent/logs/log-files.js';
import { readRoots } from '../../../src/agent/logs/roots.js';
import { LogUploads } from '../../../src/agent/logs/uploads.js';
import { logPart } from '../../../src/bus/log-messages.js';
import { keyOf } from '../../../src/hub/logs/keys.js';
import { testLog } from '../../support/nats.js';

describe('bringing all log files to the hub', () => {
  let dir: string;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'postern-uploads-'));
  });
  after(() => rm(dir, { recursive: true, force: true }));
  const filesOf = (...roots: string[]) => new LogFiles(readRoots(roots), new Forbidden([]));

  it('says at once which folder or name is none', async () => {
    const files = filesOf(dir);
    const uploads = new LogUploads({ node: 'n1', key: 'K', files, results: undefined, log: testLog });
    const signal = new AbortController().signal;
    for (const wrong of ['', '.', '..', 'a/b', '../a', 'a\\b', 'a\u0000', 'a\u202e', 'x'.repeat(129)]) {
      for (const target of [
        { folder: wrong, name: 'n' },
        { folder: 'f', name: wrong },
      ]) {
        const [what] = Object.entries(target).find(([, text]) => text === wrong) ?? [''];
        await assert.rejects(
          uploads.upload(target, () => {}, signal),
          { code: 'LOG_INVALID', message: new RegExp(`the ${what} of an upload`) },
          JSON.stringify(target),
        );
      }
    }
  });

  it('is not stopped by a file that is shown, however deep it lies and long it is called', async () => {
    const [long, deep] = ['l'.repeat(255), `${'d/'.repeat(16)}deep.log`];
    const far = `${`${'f'.repeat(250)}/`.repeat(2)}far.log`;
    const tooFar = `${`${'f'.repeat(250)}/`.repeat(2)}${'t'.repeat(50)}.log`;
    const logs = join(dir, 'logs');
    for (const path of [long, deep, far, tooFar]) {
      await mkdir(dirname(join(logs, path)), { recursive: true });
      await writeFile(join(logs, path), 'x');
    }
    await mkdir(join(dir, 'more'));
    const listed = await filesOf(`a=${logs}`, join(dir, 'more')).list();
    const shown = [`a/${deep}`, `a/${far}`, `a/${long}`];
    assert.deepEqual([listed.files.map(({ path }) => path), listed.leftOut], [shown, 1]);
    for (const file of shown) {
      const place = { folder: 'f', name: 'n', file };
      assert.equal(keyOf(place), `test-run-f/n/${file}`);
      assert.ok(logPart.safeParse({ v: 1, ...place, kind: 'ask' }).success, file);
    }
  });
});
