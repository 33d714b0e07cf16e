import assert from 'node:assert/strict';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { Metadata, status } from '@grpc/grpc-js';
import { call } from './public-port.js';
import { Registering } from './registering.js';

const ada = 'ada@example.org';

test('somebody registers with a code that we mail, though accounts and NATS are killed in between', async () => {
  const stage = await Registering.start('us');
  try {
    assert.equal(await stage.begin(ada), '', 'nobody but the mailbox is told');
    const code = await stage.mail(ada, '');
    await stage.killAccounts();
    await stage.killNats();
    const { jwt, refreshToken } = await stage.confirm(ada, code);
    await assert.rejects(call(stage.storage, stage.storage.createUser, { email: ada }, new Metadata()), {
      code: status.UNAUTHENTICATED,
    });
    assert.equal(await stage.createProfile(ada, jwt), '');
    const next = await stage.refresh(refreshToken);
    assert.match(await stage.createProfile(ada, next.jwt), /already/);
  } finally {
    await stage.stop();
  }
});

test('somebody registers with a code that they mail, by the command line', async () => {
  const stage = await Registering.start('user');
  const env = { POSTERN_HUB: stage.hubAddress, XDG_CONFIG_HOME: path.join(stage.fleet.dir, 'config') };
  const postern = (...args: string[]) =>
    stage.fleet.postern(['accounts', ...args, '--host', 'auth.test'], { env });
  const kept = path.join(stage.fleet.dir, 'config/postern/contexts/account.yaml');
  try {
    const begun = await postern('register', 'root@example.org');
    const code = begun.stdout.trim();
    assert.match(begun.stderr, new RegExp(`mail 'verify: ${code}' from root@example.org to verify@`));
    await stage.killNats();
    await stage.mail('root@example.org', code);
    await stage.killAccounts();
    const confirmed = await postern('confirm', 'root@example.org', code);
    assert.deepEqual([confirmed.code, confirmed.stdout], [0, ''], confirmed.stderr);
    assert.equal((await stat(kept)).mode & 0o777, 0o600);
    const own = { ...env, POSTERN_HUB: '' };
    const mine = (...args: string[]) =>
      stage.fleet.postern(['accounts', ...args, '--context', 'account', '--host', 'auth.test'], { env: own });
    const [who, list] = await Promise.all([mine('whoami'), mine('ls', '-o', 'name')]);
    assert.deepEqual([who.stdout, who.stderr], ['root@example.org (administrator)\n', '']);
    assert.equal(list.stdout, 'root@example.org\n');
    const refreshToken = /refreshToken: (\S+)/.exec(await readFile(kept, 'utf8'))?.[1] ?? '';
    assert.equal((await mine('logout')).code, 0);
    await assert.rejects(stage.refresh(refreshToken), { code: status.UNAUTHENTICATED });
    await assert.rejects(stat(kept), { code: 'ENOENT' });
  } finally {
    await stage.stop();
  }
});
