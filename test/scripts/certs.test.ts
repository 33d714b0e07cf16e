import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { checkServerIdentity, connect, createServer } from 'node:tls';
import { compiledRoot, type Finished, run } from '../support/processes.js';

describe('make gencert and make readcert', () => {
  let dir: string;
  before(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'postern-certs-'));
  });
  after(() => rm(dir, { recursive: true, force: true }));

  /** Runs a script in a folder of `dir`, as make does in the checkout. */
  const script = async (name: string, folder: string, env: NodeJS.ProcessEnv = {}): Promise<Finished> => {
    const cwd = path.join(dir, folder);
    await mkdir(cwd, { recursive: true });
    const file = path.join(compiledRoot, 'scripts/certs', `${name}.js`);
    return run('/bin/sh', ['-c', 'cd "$1" && exec "$2" "$3"', 'sh', cwd, process.execPath, file], { env });
  };
  const made = (folder: string, name: string): Promise<string> =>
    readFile(path.join(dir, folder, name), 'utf8');

  it('make a certificate with which a TLS server is trusted by each of its names', async () => {
    const { code, stdout, stderr } = await script('gencert', 'good', {
      NAMES: 'hub.example.org, 10.1.2.3,*.nodes.example.org',
    });
    assert.equal(code, 0, stderr);
    assert.match(
      stdout,
      /^wrote test\.crt and test\.key, for localhost, 127\.0\.0\.1, ::1, hub\.example\.org/,
    );
    const [cert, key] = [await made('good', 'test.crt'), await made('good', 'test.key')];
    const server = createServer({ cert, key }, (socket) => socket.end('hello'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const bound = server.address();
    const port = typeof bound === 'object' && bound !== null ? bound.port : assert.fail();
    /** What a client that trusts `ca` and asks for `name` hears. */
    const heard = (name: string, ca: string | undefined): Promise<string> =>
      new Promise((resolve, reject) => {
        const address = /^[\d.:]+$/.test(name) ? {} : { servername: name };
        const socket = connect({
          ...{ host: '127.0.0.1', port, ...address },
          ...(ca === undefined ? {} : { ca }),
          checkServerIdentity: (_, peer) => checkServerIdentity(name, peer),
        });
        socket.once('error', reject);
        socket.once('data', (bytes: Buffer) => {
          resolve(bytes.toString());
          socket.destroy();
        });
      });
    try {
      for (const name of [
        'localhost',
        '127.0.0.1',
        '::1',
        'hub.example.org',
        '10.1.2.3',
        'a.nodes.example.org',
      ]) {
        assert.equal(await heard(name, cert), 'hello', name);
      }
      await assert.rejects(heard('other.example.org', cert), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
      await assert.rejects(heard('localhost', undefined), /self-signed certificate/);
    } finally {
      server.close();
    }
  });

  it('let nobody else read the key, also in the place of one that everybody could', async () => {
    await mkdir(path.join(dir, 'open'));
    await writeFile(path.join(dir, 'open', 'test.key'), 'old');
    await chmod(path.join(dir, 'open', 'test.key'), 0o644);
    assert.equal((await script('gencert', 'open')).code, 0);
    assert.equal((await stat(path.join(dir, 'open', 'test.key'))).mode & 0o777, 0o600);
    assert.match(await made('open', 'test.key'), /^-----BEGIN PRIVATE KEY-----\n/);
    assert.deepEqual((await readdir(path.join(dir, 'open'))).sort(), ['test.crt', 'test.key']);
  });

  it('show subject, names and dates, as OpenSSL reads them', async () => {
    assert.equal((await script('gencert', 'shown', { NAMES: 'hub.example.org' })).code, 0);
    const cert = new X509Certificate(await made('shown', 'test.crt'));
    const shown = new Map<string, string>();
    const { code, stdout } = await script('readcert', 'shown', { CERT: '' });
    assert.equal(code, 0);
    for (const line of stdout.trim().split('\n')) shown.set(line.slice(0, 13).trim(), line.slice(13));
    assert.equal(shown.get('file'), 'test.crt');
    assert.equal(shown.get('subject'), 'CN=localhost');
    assert.equal(shown.get('issuer'), 'CN=localhost (signed by itself)');
    assert.match(
      shown.get('names') ?? '',
      /^DNS:localhost, IP Address:127\.0\.0\.1, .*DNS:hub\.example\.org$/,
    );
    assert.equal(shown.get('valid'), `${cert.validFrom} to ${cert.validTo}`);
    assert.equal(shown.get('fingerprint'), cert.fingerprint256);
    const days = (Date.parse(cert.validTo) - Date.now()) / 86_400_000;
    assert.ok(days > 364 && days <= 365, `${days} days`);
    const named = await script('readcert', 'elsewhere', { CERT: path.join(dir, 'shown', 'test.crt') });
    assert.match(named.stdout, /^subject +CN=localhost$/m);
  });

  it('say in one message what is wrong', async () => {
    for (const name of [
      'a b',
      'h\u00e9',
      '*',
      'x..y',
      '10.0.0.300',
      '-a',
      'a.*.b',

      'https://x',
    ]) {
      const { code, stdout, stderr } = await script('gencert', 'bad', { NAMES: `ok.example.org,${name}` });
      assert.deepEqual([code, stdout], [1, ''], name);
      assert.ok(
        stderr.startsWith(`gencert: ${JSON.stringify(name)} is neither a host name nor an address\n`),
        stderr,
      );
    }
    assert.deepEqual(await readdir(path.join(dir, 'bad')), [], 'nothing was written');
    await mkdir(path.join(dir, 'taken/test.crt'), { recursive: true });
    const taken = await script('gencert', 'taken');
    assert.equal(taken.code, 1);
    assert.match(taken.stderr, /^gencert: cannot write test\.crt and test\.key here: EISDIR[^\n]*\n$/);

    assert.equal((await script('gencert', 'read')).code, 0);
    const unreadable: [string, RegExp][] = [
      ['nowhere.crt', /cannot read nowhere\.crt: ENOENT: no such file/],
      ['test.key', /cannot read test\.key: it holds no certificate/],
      ['.', /cannot read \.: EISDIR/],
    ];
    for (const [CERT, said] of unreadable) {
      const { code, stdout, stderr } = await script('readcert', 'read', { CERT });
      assert.deepEqual([code, stdout], [1, ''], CERT);
      assert.match(stderr, said);
      assert.match(stderr, /^readcert: [^\n]+\nmake one with `make gencert`[^\n]*\n$/);
    }
  });
});
