import assert from 'node:assert/strict';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { unpackBackup } from '../../src/cli/backup/archive.js';
import { Fleet } from '../support/fleet.js';
import { eventually, type RunningProcess, run } from '../support/processes.js';
import { posternBin } from './postern.js';

let fleet: Fleet;
let hub: RunningProcess;
let archive: string;

before(async () => {
  fleet = await Fleet.make();
  hub = await fleet.up();
  archive = path.join(fleet.dir, 'hub.tar.gz');
});
after(() => fleet.stop());

/** The registry that an archive holds. */
async function registryOf(file: string): Promise<string> {
  const { files } = unpackBackup(await readFile(file));
  return files
    .filter(({ name }) => name.startsWith('registry/'))
    .map(({ name, content }) => `${name}\n${content.toString('utf8')}`)
    .join('');
}

test('a hub that is backed up while it runs, killed, and restored elsewhere is the same hub', async () => {
  const server = await fleet.interopServer();
  const agent = await fleet.agent('cellar', [server.address]);
  await eventually('the node is there', async () => (await fleet.stateOf('cellar')).startsWith('connected'));
  const good = await fleet.callerToken('good');
  const bad = await fleet.callerToken('bad');
  const unused = await fleet.joinToken('attic');
  const ids: { id: string; subject: string }[] = JSON.parse(
    (await fleet.postern(['token', 'ls', '-o', 'json'])).stdout,
  );
  const badId = ids.find(({ subject }) => subject === 'bad')?.id ?? '';
  assert.equal((await fleet.postern(['token', 'revoke', badId])).code, 0);
  const admin = await readFile(path.join(fleet.dir, 'hub/tokens/admin.jwt'), 'utf8');

  const made = await fleet.postern(['backup', archive]);
  assert.equal(made.code, 0, made.stderr);
  assert.match(
    made.stderr,
    /holds \d+ files, keys and tokens among them: whoever has it is admin of this hub/,
  );
  assert.equal((await stat(archive)).mode & 0o777, 0o600);
  const listed = (await run('tar', ['tzf', archive])).stdout.split('\n');
  for (const name of [
    'postern-backup.json',
    'keys/signing.nk',
    'keys/caller.jwk',
    'tokens/admin.jwt',
    'registry/nodes.jsonl',
  ]) {
    assert.ok(listed.includes(name), name);
  }
  // Its secrets are those of join tokens by their hash alone.
  assert.ok(!(await registryOf(archive)).includes(unused.split('_')[2] ?? '-'));
  const again = await fleet.postern(['backup', archive]);
  assert.deepEqual(
    [again.code, /already\nchoose another name, or replace it with --force/.test(again.stderr)],
    [2, true],
  );
  assert.equal((await fleet.postern(['backup', archive, '--force'])).code, 0);

  const address = await fleet.hubAddress();
  await hub.stop('SIGKILL');
  const left = Number(await readFile(path.join(fleet.dir, 'hub/nats/nats.pid'), 'utf8'));
  process.kill(left, 'SIGKILL');
  const elsewhere = path.join(fleet.dir, 'elsewhere/hub');
  const restored = await fleet.postern(['restore', archive, '--data', elsewhere]);
  assert.equal(restored.code, 0, restored.stderr);
  for (const name of ['', 'keys', 'keys/signing.nk', 'tokens/admin.jwt', 'nats']) {
    assert.equal((await stat(path.join(elsewhere, name))).mode & 0o077, 0, name);
  }
  assert.deepEqual(await readdir(path.join(fleet.dir, 'elsewhere')), ['hub']);
  hub = await fleet.start(['up', '--data', elsewhere, '--listen', address, '--metrics', 'off']);

  // The agent has run on all the while: it comes back by itself, with its key.
  const call = ['call', 'cellar', 'grpc.testing.TestService/EmptyCall', '--hub', address, '--token'];
  await eventually('the agent is back', async () => (await fleet.postern([...call, good])).code === 0, {
    timeoutMs: 40_000,
  });
  assert.equal((await fleet.postern(['nodes', '--hub', address, '--token', admin])).code, 0);
  const revoked = await fleet.postern([...call, bad]);
  assert.equal(revoked.code, 64 + 16, revoked.stderr);
  assert.match(revoked.stderr, /revoked/);

  await agent.stop();
  const home = path.join(fleet.dir, 'cellar');
  const env = { POSTERN_HUB: `http://${address}` };
  const second = await fleet.start(['agent', '--node', 'cellar', '--to', server.address, '--data', home], {
    env,
  });
  assert.equal(second.ready.node, 'cellar');
  const attic = await fleet.start(
    ['agent', '--node', 'attic', '--to', server.address, '--data', path.join(fleet.dir, 'attic')],
    { env: { ...env, POSTERN_TOKEN: unused } },
  );
  assert.equal(attic.ready.node, 'attic');
});

test('a hub that does not run is backed up as it lies there', async () => {
  const data = path.join(fleet.dir, 'still');
  assert.equal((await fleet.postern(['restore', archive, '--data', data])).code, 0);
  const piped = await run(
    'sh',
    ['-c', `"$0" backup - --data "$1" > "$2"`, posternBin, data, `${archive}.2`],
    {
      env: fleet.env,
    },
  );
  assert.equal(piped.code, 0, piped.stderr);
  assert.equal(await registryOf(`${archive}.2`), await registryOf(archive));
  const back = await run(
    'sh',
    ['-c', `"$0" restore - --data "$1" < "$2"`, posternBin, `${data}2`, `${archive}.2`],
    {
      env: fleet.env,
    },
  );
  assert.equal(back.code, 0, back.stderr);
});

test('a restore never touches what is there, unless it may move it aside', async () => {
  const running = await fleet.postern([
    'restore',
    archive,
    '--data',
    path.join(fleet.dir, 'elsewhere/hub'),
    '--force',
  ]);
  assert.match(running.stderr, /a hub runs with .* \(process \d+\)/);
  assert.equal(running.code, 1);
  const data = path.join(fleet.dir, 'full/data');
  assert.equal((await fleet.postern(['restore', archive, '--data', data])).code, 0);
  await writeFile(path.join(data, 'mark'), 'of the first');
  const refused = await fleet.postern(['restore', archive, '--data', data]);
  assert.deepEqual([refused.code, /there is something in .* already/.test(refused.stderr)], [2, true]);
  assert.equal(await readFile(path.join(data, 'mark'), 'utf8'), 'of the first');
  const forced = await fleet.postern(['restore', archive, '--data', data, '--force']);
  const aside = /what was there before is in (\S+)/.exec(forced.stderr)?.[1] ?? '';
  assert.equal(await readFile(path.join(aside, 'mark'), 'utf8'), 'of the first');
  assert.deepEqual((await readdir(path.dirname(data))).sort(), ['data', path.basename(aside)]);
  await assert.rejects(stat(path.join(data, 'mark')));
});

test('a damaged backup leaves nothing behind', async () => {
  const bytes = await readFile(archive);
  const data = path.join(fleet.dir, 'never/data');
  const cut = path.join(fleet.dir, 'cut.tar.gz');
  await writeFile(cut, bytes.subarray(0, bytes.length - 100));
  const refused = await fleet.postern(['restore', cut, '--data', data]);
  assert.match(
    refused.stderr,
    /this is no backup that can be restored: it is cut off\ngive a file that `postern backup`/,
  );
  assert.equal(refused.code, 1);
  await assert.rejects(stat(path.dirname(data)));
  const none = await fleet.postern(['restore', path.join(fleet.dir, 'none'), '--data', data]);
  assert.match(none.stderr, /cannot read .*ENOENT/);
  const empty = await fleet.postern(['backup', `${cut}.2`, '--data', path.join(fleet.dir, 'empty')]);
  assert.match(empty.stderr, /there are no keys in /);
  await assert.rejects(stat(path.join(fleet.dir, 'empty')));
});
