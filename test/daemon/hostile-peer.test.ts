import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Counts } from '../../src/daemon/counts.js';
import { defaultGroupLimits } from '../../src/daemon/group/admission.js';
import { createGroupKeys } from '../../src/daemon/group/group-keys.js';
import { Groups } from '../../src/daemon/group/groups.js';
import { signingKey } from '../../src/daemon/group/keys.js';
import { plainSteps } from '../../src/daemon/log/durable-steps.js';
import { encodeFrame, mostBeforeAuth, mostFrameBytes } from '../../src/daemon/peer/frames.js';
import { PeerLink } from '../../src/daemon/peer/link.js';
import { Peers } from '../../src/daemon/peer/peers.js';
import { createLogger } from '../../src/log.js';
import { memoryGroup } from '../support/memory-group.js';
import { eventually } from '../support/processes.js';

const times = { handshakeMs: 4_000, idleMs: 20_000 };

describe('a peer that is not honest', { timeout: 60_000 }, () => {
  let dir: string;
  let groups: Groups;
  let peers: Peers;
  const counts = new Counts();
  before(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'postern-hostile-'));
    const log = createLogger('silent');
    const seeds = { account: randomBytes(32), device: randomBytes(32) };
    groups = new Groups({ data: dir, seeds, limits: defaultGroupLimits, counts, steps: plainSteps, log });
    await groups.start(createGroupKeys());
    peers = new Peers(
      {
        role: 'peer',
        listen: '127.0.0.1:0',
        advertise: [],
        dial: [],
        acceptTokens: [],
        acceptKeys: [],
        times,
        backoff: { minMs: 20, maxMs: 100 },
        syncMs: 100,
      },
      { key: signingKey(randomBytes(32)), groups, counts, log },
    );
    await peers.start();
  });
  after(async () => {
    await peers.stop();
    await groups.stop();
    await rm(dir, { recursive: true });
  });

  async function dial(): Promise<Socket> {
    const port = Number(peers.addresses()[0]?.split(':')[1]);
    const socket = connect({ host: '127.0.0.1', port });
    await once(socket, 'connect');
    return socket.on('error', () => {});
  }

  /** Milliseconds until the daemon closes a connection on which `send` was called. */
  async function closedAfter(send: (socket: Socket) => void): Promise<number> {
    const socket = await dial();
    socket.resume();
    const since = performance.now();
    const closed = once(socket, 'close');
    send(socket);
    await closed;
    return performance.now() - since;
  }

  /** A peer that has proved its key, and begun to talk. */
  async function proved(socket: Socket, key = signingKey(randomBytes(32))): Promise<PeerLink> {
    const link = await PeerLink.open(socket, { key, role: 'peer' }, times);
    link.handle(() => {});
    link.send({ $case: 'groups', value: { groups: [] } });
    return link;
  }

  test('one that says nothing, or nothing that means anything, is cut off before it has proved who it is', async () => {
    assert.ok((await closedAfter(() => {})) >= times.handshakeMs - 50, 'silence has its time');
    const frames: Buffer[] = [
      randomBytes(4096),
      Buffer.from('GET / HTTP/1.1\r\n\r\n'),
      encodeFrame({ $case: 'ping', value: {} }),
      encodeFrame({
        $case: 'hello',
        value: { version: 2, key: randomBytes(32), nonce: randomBytes(32), role: 'peer' },
      }),
      encodeFrame({
        $case: 'hello',
        value: { version: 1, key: randomBytes(31), nonce: randomBytes(32), role: 'peer' },
      }),
    ];
    for (const frame of frames)
      assert.ok((await closedAfter((socket) => socket.write(frame))) < times.handshakeMs);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(mostBeforeAuth + 1);
    assert.ok(
      (await closedAfter((socket) => socket.write(length))) < times.handshakeMs,
      'too long, told by its length',
    );
  });

  test('one that has not the key that it shows is cut off', async () => {
    const key = signingKey(randomBytes(32));
    const thief = { publicKey: key.publicKey, sign: signingKey(randomBytes(32)).sign };
    const socket = await dial();
    await assert.rejects(
      PeerLink.open(socket, { key: thief, role: 'peer' }, times).then(async (link) => {
        link.handle(() => {});
        throw new Error(await link.closed);
      }),
    );
    assert.equal(
      peers.sessions().some(({ link }) => link.remote.key.equals(key.publicKey)),
      false,
    );
  });

  test('one that sends without end is cut off at the length that it tells, and others are served meanwhile', async () => {
    const honestSocket = await dial();
    const honestPort = honestSocket.localPort;
    const honest = await proved(honestSocket);
    const endless = await PeerLink.open(
      await dial(),
      { key: signingKey(randomBytes(32)), role: 'peer' },
      times,
    );
    const socket = endless.detach();
    const length = Buffer.alloc(4);
    length.writeUInt32BE(mostFrameBytes + 1);
    socket.resume();
    const closed = once(socket, 'close');
    socket.write(length);
    await closed;
    await eventually('the honest one is there', () =>
      peers.sessions().some(({ link }) => link.address.endsWith(`:${honestPort}`)),
    );
    honest.cut('over');
  });

  test('one that claims a group without its link key is cut off and left alone for a while', async () => {
    const record = await groups.create();
    const key = signingKey(randomBytes(32));
    const before = counts.of('peers_cut_off');
    const link = await proved(await dial(), key);
    link.send({
      $case: 'groups',
      value: { groups: [{ groupPk: record.keys.publicKey, proof: randomBytes(32) }] },
    });
    await link.closed;
    assert.equal(counts.of('peers_cut_off'), before + 1);
    const again = await proved(await dial(), key);
    await again.closed;
    assert.equal(peers.sessions().length, 0, 'it is not let in again');
  });

  test('a member that forges entries of others is cut off, and nothing of it is stored', async () => {
    const record = await groups.create();
    const live = groups.live(record.keys.publicKey);
    const stored = await eventually('its own entries', () => live.index.arrived.length === 2 && 2);
    const author = await memoryGroup(record.keys);
    await author.group.introduce();
    const forged = Buffer.from(author.store.entries[0] ?? Buffer.alloc(0));
    const last = forged.length - 1;
    forged[last] = (forged[last] ?? 0) ^ 1;

    const key = signingKey(randomBytes(32));
    const link = await PeerLink.open(await dial(), { key, role: 'peer' }, times);
    const proof = createHmac('sha256', record.keys.linkKey)
      .update('postern group')
      .update(link.remote.theirNonce)
      .update(key.publicKey)
      .digest();
    const { publicKey: groupPk } = record.keys;
    const heard: string[] = [];
    link.handle((body) => void heard.push(body.$case));
    link.send({ $case: 'groups', value: { groups: [{ groupPk, proof }] } });
    await eventually('it is taken for a member', () => heard.includes('have'));
    link.send({ $case: 'entries', value: { groupPk, entries: [forged] } });
    await link.closed;
    assert.ok(counts.of('refused_forged') >= 1);
    assert.equal(live.index.arrived.length, stored);
  });
});
