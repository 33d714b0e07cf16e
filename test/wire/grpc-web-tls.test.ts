import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { makeAuthority } from '../../scripts/certs/issue.js';
import { TlsIdentity } from '../../src/wire/tls-identity.js';
import { versions, webCall } from '../support/grpc-web/client.js';
import { frame } from '../support/grpc-web/frames.js';
import { echo, type WebFront, webStage } from './grpc-web-harness.js';
import { log } from './harness.js';

let folder: string;
let ca: string;
let tls: TlsIdentity;
let front: WebFront;
let stop: () => Promise<void>;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'postern-web-'));
  const authority = await makeAuthority('test authority');
  ca = authority.cert;
  const made = await authority.issue(['localhost', '127.0.0.1']);
  const files = { cert: join(folder, 'a.crt'), key: join(folder, 'a.key') };
  await Promise.all([writeFile(files.cert, made.cert), writeFile(files.key, made.key)]);
  tls = await TlsIdentity.load(files, log);
  ({ front, stop } = await webStage(echo, { tls }));
});
after(async () => {
  await stop();
  tls.stop();
  await rm(folder, { recursive: true });
});

for (const version of versions) {
  test(`gRPC-web goes over TLS, by ${version}`, async () => {
    const payload = randomBytes(300_000);
    const options = { address: front.address, version, path: '/test.Service/Method', ca };
    const saw = await webCall(options, frame(payload));
    assert.ok(saw.messages[0]?.equals(payload));
    assert.deepEqual(saw.trailers, [['grpc-status', '0']]);
  });
}
