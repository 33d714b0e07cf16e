import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { loadOrCreateAuthority } from '../../src/bus/authority.js';
import { createUserKey, publicKeyOf, sign, verify } from '../../src/bus/nkeys.js';
import { writeServerConfig } from '../../src/bus/server-config.js';
import { loadOrCreatePrivateFile } from '../../src/private-file.js';

const exec = promisify(execFile);
const names = ['account.nk', 'operator.nk', 'signing.nk', 'system.nk'];

describe('the authority of the bus', () => {
  let dir: string;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'postern-keys-'));
  });
  after(() => rm(dir, { recursive: true, force: true }));

  it('keeps its keys in files for its owner alone, and finds them again', async () => {
    const keys = join(dir, 'one/keys');
    const first = await (await loadOrCreateAuthority(keys)).documents();
    assert.deepEqual((await readdir(keys)).sort(), names, 'nothing else is left behind');
    assert.equal((await stat(keys)).mode & 0o777, 0o700);
    for (const name of names) assert.equal((await stat(join(keys, name))).mode & 0o777, 0o600, name);
    const second = await (await loadOrCreateAuthority(keys)).documents();
    assert.equal(second.account.publicKey, first.account.publicKey);
    assert.equal(second.systemAccount.publicKey, first.systemAccount.publicKey);
  });

  it('is one and the same for processes that start at once', async () => {
    const keys = join(dir, 'together/keys');
    const module = new URL('../../src/bus/authority.js', import.meta.url).href;
    const script = `import { loadOrCreateAuthority } from ${JSON.stringify(module)};
      const { account, systemAccount } = await (await loadOrCreateAuthority(${JSON.stringify(keys)})).documents();
      process.stdout.write(account.publicKey + systemAccount.publicKey);`;
    const said = await Promise.all(
      Array.from({ length: 4 }, () => exec(process.execPath, ['--input-type=module', '-e', script])),
    );
    assert.equal(new Set(said.map(({ stdout }) => stdout)).size, 1);
    assert.equal(said[0]?.stdout.length, 112);
    assert.deepEqual((await readdir(keys)).sort(), names);
  });

  it('lets the first one stay when another comes between looking and making', async () => {
    const made = await loadOrCreatePrivateFile(join(dir, 'raced.nk'), () => {
      writeFileSync(join(dir, 'raced.nk'), 'theirs\n');
      return 'ours';
    });
    assert.equal(made, 'theirs');
    assert.equal((await readFile(join(dir, 'raced.nk'), 'utf8')).trim(), 'theirs');
  });

  it('shows no secret in what it writes for a server', async () => {
    const own = join(dir, 'written');
    const authority = await loadOrCreateAuthority(join(own, 'keys'));
    const path = await writeServerConfig(own, authority, { listen: '0.0.0.0:4222' });
    const text = await readFile(path, 'utf8');
    assert.match(text, /listen: "0\.0\.0\.0:4222"/);
    for (const name of names) {
      const seed = (await readFile(join(own, 'keys', name), 'utf8')).trim();
      assert.equal(seed.length, 58);
      assert.ok(!text.includes(seed), name);
    }
  });

  it('says which key is spoilt, without showing it', async () => {
    for (const content of ['', 'SUABCDEF', createUserKey().seed]) {
      const keys = join(dir, `spoilt${content.length}`);
      await mkdir(keys);
      await writeFile(join(keys, 'system.nk'), content);
      await assert.rejects(loadOrCreateAuthority(keys), (error: unknown) => {
        assert.ok(error instanceof Error && 'code' in error);
        assert.equal(error.code, 'KEYS_INVALID');
        assert.ok(error.message.includes('system.nk'));
        assert.ok(content === '' || !error.message.includes(content));
        return true;
      });
    }
  });

  it('says that its directory cannot be written', async () => {
    const file = join(dir, 'file');
    await writeFile(file, '');
    await assert.rejects(loadOrCreateAuthority(join(file, 'keys')), { code: 'DATA_UNUSABLE' });
  });

  it('signs only for user keys, and for as long as it was told', async () => {
    const authority = await loadOrCreateAuthority(join(dir, 'one/keys'));
    const { publicKey } = createUserKey();
    const jwt = await authority.mint({ identity: { role: 'watcher', publicKey }, name: 'x', ttlSeconds: 60 });
    const claims: unknown = JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString());
    assert.ok(typeof claims === 'object' && claims !== null && 'exp' in claims && 'sub' in claims);
    const inSeconds = Number(claims.exp) - Date.now() / 1000;
    assert.ok(inSeconds > 55 && inSeconds < 65, String(inSeconds));
    assert.equal(claims.sub, publicKey);
    const { account } = await authority.documents();
    for (const wrong of ['', 'x', account.publicKey]) {
      const identity = { role: 'watcher', publicKey: wrong } as const;
      await assert.rejects(authority.mint({ identity, name: 'x', ttlSeconds: 1 }), {
        code: 'IDENTITY_INVALID',
      });
    }
  });
});

describe('nkeys', () => {
  it('prove who holds them', () => {
    const { publicKey, seed } = createUserKey();
    const bytes = new TextEncoder().encode('postern-enrol:v1:n1:nonce');
    const signature = sign(seed, bytes);
    assert.equal(publicKeyOf(seed), publicKey);
    assert.equal(verify(publicKey, bytes, signature), true);
    assert.equal(verify(publicKey, bytes.slice(1), signature), false);
    assert.equal(verify(createUserKey().publicKey, bytes, signature), false);
    signature[3] = (signature[3] ?? 0) ^ 1;
    assert.equal(verify(publicKey, bytes, signature), false);
    assert.equal(verify(publicKey, bytes, signature.slice(1)), false);
    assert.equal(verify('no key', bytes, signature), false);
  });

  it('are refused without being shown', () => {
    for (const seed of ['', 'SUNOSEED', `${createUserKey().seed}X`]) {
      assert.throws(() => publicKeyOf(seed), { code: 'KEY_INVALID' });
      assert.throws(
        () => sign(seed, new Uint8Array()),
        (error: unknown) => {
          return error instanceof Error && (seed === '' || !error.message.includes(seed));
        },
      );
    }
  });
});
