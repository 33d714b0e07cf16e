import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { GrpcAdapter } from '../../../src/agent/adapters/grpc/grpc-adapter.js';
import { filled } from '../../../src/agent/adapters/grpc/template.js';
import { DaemonProcess } from '../../support/daemon.js';

const soon = (): AbortSignal => AbortSignal.timeout(15_000);
const bytes = (body: string): Uint8Array => Buffer.from(body, 'utf8');
const group = { id: '' };

test('a template takes the message wherever its marks stand', () => {
  const template = {
    text: '<{{body}}>',
    deep: [{ raw: '{{body:base64}}' }, 7, null, true],
    plain: '{{other}}',
  };
  assert.deepEqual(filled(template, bytes('a $& b')), {
    text: '<a $& b>',
    deep: [{ raw: 'YSAkJiBi' }, 7, null, true],
    plain: '{{other}}',
  });
});

describe('a method of any gRPC server', () => {
  let dir: string;
  let server: DaemonProcess;
  let address: string;
  before(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'postern-grpc-adapter-'));
    server = await DaemonProcess.start(dir);
    address = String(server.process.ready.listen);
  });
  after(async () => {
    await server?.stop();
    await rm(dir, { recursive: true });
  });

  test('is called once for each message', async (t) => {
    const method = 'berty.messenger.v1.MessengerService/ConversationCreate';
    const adapter = new GrpcAdapter(address, { method, request: { displayName: '{{body}}' } });
    t.after(() => adapter.close());
    assert.deepEqual(await adapter.identify(soon()), { dialect: 'grpc', peer: address });
    const before = (await server.status()).groups.length;
    for (const body of ['one', 'two']) {
      assert.deepEqual(await adapter.send(group, bytes(body), soon()), { outcome: 'ok', id: '' });
    }
    assert.equal((await server.status()).groups.length, before + 2);
    assert.deepEqual(adapter.capabilities, { groups: false, media: false });
    await assert.rejects(adapter.createGroup(), { code: 'UNSUPPORTED' });
    assert.throws(() => adapter.receive(), { code: 'UNSUPPORTED' });
  });

  test('that says no has failed; of one that does not answer in time nobody knows', async (t) => {
    const refused = new GrpcAdapter(address, {
      method: 'weshnet.protocol.v1.ProtocolService/GroupInfo',
      request: { groupPk: '{{body:base64}}' },
    });
    t.after(() => refused.close());
    await refused.identify(soon());
    const sent = await refused.send(group, bytes('x'), soon());
    assert.equal(sent.outcome, 'fail', JSON.stringify(sent));
    assert.ok(!('wasOffered' in sent), 'it was given it');
    const endless = new GrpcAdapter(address, {
      method: 'weshnet.protocol.v1.ProtocolService/GroupMessageList',
      request: { groupPk: (await server.createGroup()).toString('base64') },
    });
    t.after(() => endless.close());
    await endless.identify(soon());
    const late = await endless.send(group, bytes('x'), AbortSignal.timeout(200));
    assert.deepEqual([late.outcome, late.outcome === 'info' && late.code], ['info', 'CANCELLED']);
  });

  test('is given nothing before it is known, no message that does not fit it, and no image', async (t) => {
    const adapter = new GrpcAdapter(address, {
      method: 'weshnet.protocol.v1.ProtocolService/GroupInfo',
      request: { groupPk: '{{body}}' },
    });
    t.after(() => adapter.close());
    const early = await adapter.send(group, bytes('x'), soon());
    await adapter.identify(soon());
    const unfit = await adapter.send(group, bytes('no base64!'), soon());
    for (const [sent, why] of [
      [early, 'NOT_PROBED'],
      [unfit, 'MESSAGE_INVALID'],
      [await adapter.sendImage(), 'UNSUPPORTED'],
    ] as const) {
      assert.ok(sent.outcome === 'fail' && sent.wasOffered === false, JSON.stringify(sent));
      assert.equal(sent.code, why);
    }
  });

  test('that is not there, and a request that does not fit, are told before anything is sent', async (t) => {
    const cases = [
      [{ method: 'weshnet.protocol.v1.ProtocolService/Nothing', request: {} }, 'METHOD_UNKNOWN'],
      [{ method: 'nobody.Service/Nothing', request: {} }, 'SERVICE_UNKNOWN'],
      [{ method: 'weshnet.protocol.v1.ProtocolService/GroupInfo', request: { group: 1 } }, 'MESSAGE_INVALID'],
    ] as const;
    for (const [workload, code] of cases) {
      const adapter = new GrpcAdapter(address, workload);
      t.after(() => adapter.close());
      await assert.rejects(adapter.identify(soon()), { code });
    }
    const nobody = new GrpcAdapter('127.0.0.1:1', { method: 'a.B/C', request: {} });
    t.after(() => nobody.close());
    await assert.rejects(nobody.identify(soon()), { code: 'DAEMON_UNREACHABLE' });
  });
});
