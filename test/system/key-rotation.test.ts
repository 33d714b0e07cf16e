import assert from 'node:assert/strict';
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { connect, credsAuthenticator } from 'nats';
import { Fleet } from '../support/fleet.js';
import { InteropClient } from '../support/interop/client.js';
import { eventually, type RunningProcess } from '../support/processes.js';

const unauthenticated = 16;

describe('a key that is replaced', { timeout: 240_000 }, () => {
  let fleet: Fleet;
  let hub: RunningProcess;
  let server: Awaited<ReturnType<Fleet['interopServer']>>;
  let listen: string;
  let agent: RunningProcess;

  before(async () => {
    fleet = await Fleet.make();
    hub = await fleet.up();
    // The same address each time, so that the agent finds the hub again.
    listen = await fleet.hubAddress();
    server = await fleet.interopServer();
    agent = await fleet.agent('cellar', [server.address]);
  });
  after(() => fleet.stop());

  const rotate = async (key: string, keep: string): Promise<void> => {
    const { code, stderr } = await fleet.postern(['keys', 'rotate', key, '--keep', keep]);
    assert.equal(code, 0, stderr);
    await hub.stop();
    hub = await fleet.start(['up', '--listen', listen, '--metrics', 'off']);
  };
  const call = async (token: string): Promise<number> => {
    const metadata = { 'x-postern-node': 'cellar', 'x-postern-authorization': token };
    const client = new InteropClient({ address: listen, metadata });
    const { status } = await client.emptyCall();
    client.close();
    return status.code;
  };
  const reachable = (token: string) =>
    eventually('the node is reached', async () => (await call(token)) === 0, { timeoutMs: 40_000 });
  const watcher = async (): Promise<string> => {
    const made = await fleet.postern(['bus', 'creds']);
    assert.equal(made.code, 0, made.stderr);
    return made.stdout;
  };
  const letIn = async (credentials: string): Promise<boolean> => {
    const authenticator = credsAuthenticator(new TextEncoder().encode(credentials));
    try {
      await (await connect({ servers: String(hub.ready.nats), authenticator, reconnect: false })).close();
      return true;
    } catch {
      return false;
    }
  };

  it('as the one of caller tokens is believed for as long as was said, or not at all', async () => {
    const old = await fleet.callerToken('old');
    await rotate('caller', '1h');
    await reachable(old);
    const newer = await fleet.callerToken('newer');
    assert.equal(await call(newer), 0);
    await rotate('caller', '0');
    // The command line has an admin token that the new key has signed.
    const newest = await fleet.callerToken('newest');
    await reachable(newest);
    assert.deepEqual([await call(old), await call(newer)], [unauthenticated, unauthenticated]);
  });

  it('as the one of bus credentials leaves agents at work, be it believed for a while or not', async () => {
    const token = await fleet.callerToken('signing');
    const old = await watcher();
    await rotate('signing', '1h');
    await reachable(token);
    assert.equal(await letIn(old), true);
    const newer = await watcher();
    await rotate('signing', '0');
    await reachable(token);
    assert.deepEqual(
      [await letIn(old), await letIn(newer), await letIn(await watcher())],
      [false, false, true],
    );
  });

  for (const key of ['operator', 'system']) {
    it(`as the one of the ${key} is noticed by nobody`, async () => {
      const token = await fleet.callerToken(key);
      const credentials = await watcher();
      await rotate(key, '0');
      await reachable(token);
      assert.equal(await letIn(credentials), true);
    });
  }

  it('as that of a node is replaced by joining anew, and the old one cut off', async () => {
    const token = await fleet.callerToken('node');
    const keyOf = async (): Promise<string[]> => {
      const keys = (await fleet.node('cellar'))?.keys;
      return Array.isArray(keys) ? keys.map((one: { key: string }) => one.key) : [];
    };
    const [old = ''] = await keyOf();
    const file = path.join(fleet.dir, 'cellar', 'agent', 'cellar', 'key.nk');
    assert.match(await readFile(file, 'utf8'), /^SU/);
    await agent.stop();
    await rm(file);
    await fleet.agent('cellar', [server.address]);
    const revoked = await fleet.postern(['nodes', 'revoke', 'cellar', '--key', old]);
    assert.equal(revoked.code, 0, revoked.stderr);
    await reachable(token);
    const left = await keyOf();
    assert.ok(left.length === 1 && left[0] !== old);
  });

  it('needs a name that is known, and keys to replace', async () => {
    const unknown = await fleet.postern(['keys', 'rotate', 'account']);
    assert.equal(unknown.code, 2);
    assert.match(unknown.stderr, /caller, signing, system, operator/);
    const nowhere = await fleet.postern(['keys', 'rotate', 'caller', '--data', path.join(fleet.dir, 'none')]);
    assert.equal(nowhere.code, 1);
    assert.match(nowhere.stderr, /there are no keys in /);
  });
});
