import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { after, before, test } from 'node:test';
import { postern as command } from '../../cli/postern.js';
import { type Accounts, call, type Stage, setStage } from './stage.js';

let stage: Stage;
let accounts: Accounts;
let home: string;
before(async () => {
  home = await mkdtemp(join(tmpdir(), 'postern-commands-'));
  stage = await setStage();
  // So short that each command has to renew it.
  accounts = await stage.start({ tokenSeconds: 60 });
});
after(async () => {
  await stage.stop();
  await rm(home, { recursive: true, force: true });
});

const postern = (args: readonly string[]) => command(args, { env: { XDG_CONFIG_HOME: home } });

test('commands that renew the token of one context at the same time leave its session open', async () => {
  const email = 'ada@example.org';
  const [hub = ''] = accounts.places.auth;
  const asked = await call(accounts.auth, accounts.auth.userRegisterRequest, { email });
  const code = asked.theVerifyCodeTheUserNeedToSendBack;
  const confirmed = await postern(['accounts', 'confirm', email, code, '--hub', hub]);
  assert.equal(confirmed.code, 0, confirmed.stderr);
  const kept = () => readFile(join(home, 'postern/contexts/account.yaml'), 'utf8');
  const first = await kept();
  const all = await Promise.all([1, 2, 3].map(() => postern(['accounts', 'whoami', '--context', 'account'])));
  for (const { code: exit, stdout, stderr } of all)
    assert.deepEqual([exit, stdout.trim()], [0, email], stderr);
  assert.notEqual(await kept(), first, 'it was renewed');
  assert.equal((await postern(['accounts', 'whoami', '--context', 'account'])).code, 0);
  assert.deepEqual(await readdir(join(home, 'postern/contexts')), ['account.yaml']);
});

test('a context keeps whom to trust as a path that is good in any directory', async () => {
  const email = 'bob@example.org';
  const [hub = ''] = accounts.places.auth;
  const asked = await call(accounts.auth, accounts.auth.userRegisterRequest, { email });
  const code = asked.theVerifyCodeTheUserNeedToSendBack;
  const authorities = join(home, 'authorities.pem');
  const given = ['--hub', hub, '--hub-ca', relative(process.cwd(), authorities), '--save-as', 'bob'];
  const { code: exit, stderr } = await postern(['accounts', 'confirm', email, code, ...given]);
  assert.equal(exit, 0, stderr);
  const text = await readFile(join(home, 'postern/contexts/bob.yaml'), 'utf8');
  assert.ok(text.includes(`hubCa: ${authorities}\n`), text.replace(/token.*/gi, ''));
});

test('somebody whose session is over registers and confirms anew with the same context', async () => {
  const email = 'bob@example.org';
  const file = join(home, 'postern/contexts/bob.yaml');
  const content = await readFile(file, 'utf8');
  const args = ['--context', 'bob'];
  assert.equal((await postern(['accounts', 'logout', ...args])).code, 0);
  await writeFile(file, content, { mode: 0o600 });
  assert.notEqual((await postern(['accounts', 'whoami', ...args])).code, 0);
  const asked = await postern(['accounts', 'register', email, ...args]);
  assert.equal(asked.code, 0, asked.stderr);
  const again = await postern([
    'accounts',
    'confirm',
    email,
    asked.stdout.trim(),
    ...args,
    '--save-as',
    'bob',
  ]);
  assert.equal(again.code, 0, again.stderr);
  assert.equal((await postern(['accounts', 'whoami', ...args])).stdout.trim(), email);
});
