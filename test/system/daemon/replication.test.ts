import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { DaemonProcess, textOf, unary } from '../../support/daemon.js';
import { eventually } from '../../support/processes.js';
import { CuttableRelay } from './cuttable-relay.js';

describe('five daemons', () => {
  let dir: string;
  const daemons: DaemonProcess[] = [];
  const relays: CuttableRelay[] = [];
  before(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'postern-daemons-'));
    for (let i = 0; i < 5; i++) {
      const daemon = await DaemonProcess.start(path.join(dir, String(i)));
      // Each reaches all before it, through a relay that can be cut.
      for (const other of daemons) {
        const relay = await CuttableRelay.start(other.peerAddress);
        relays.push(relay);
        await unary(daemon.admin, daemon.admin.connectPeer, { address: relay.address });
      }
      daemons.push(daemon);
    }
  });
  after(async () => {
    await Promise.all(daemons.map((daemon) => daemon.stop()));
    for (const relay of relays) relay.stop();
    await rm(dir, { recursive: true });
  });

  /** Waits until all have the same entries; gives how many. */
  function converged(group: Uint8Array): Promise<number> {
    return eventually('all hold the same entries', async () => {
      const all = await Promise.all(daemons.map((daemon) => daemon.status()));
      const found = all.map(({ groups }) => groups.find(({ groupPk }) => Buffer.from(groupPk).equals(group)));
      const [first] = found;
      const same = found.every((each) => each && first && Buffer.from(each.digest).equals(first.digest));
      return same && first !== undefined && first.authors === daemons.length ? first.entries : undefined;
    });
  }

  test('members read each other once they know each other, and hold the same after a partition', async () => {
    const [first] = daemons;
    assert.ok(first);
    const group = await first.createGroup();
    const { group: invitation } = await first.groupInfo(group);
    for (const other of daemons.slice(1)) await other.join(invitation);
    // Everybody has told everybody how to read them: one introduction and five chain keys each.
    await eventually('the members are ready', async () => (await converged(group)) === 5 * 6);

    await Promise.all(daemons.map((daemon, i) => daemon.say(group, `before ${i}`)));
    assert.equal(await converged(group), 35);
    for (const relay of relays) relay.cut();
    await eventually('everybody is alone', async () => {
      const all = await Promise.all(daemons.map((daemon) => daemon.status()));
      return all.every(({ peers }) => peers.length === 0);
    });
    await Promise.all(
      daemons.map(async (daemon, i) => {
        for (let n = 0; n < 40; n++) await daemon.say(group, `cut ${i} ${n}`);
      }),
    );
    for (const daemon of daemons) assert.equal((await daemon.messages(group)).length, 5 + 40);
    for (const relay of relays) relay.heal();
    assert.equal(await converged(group), 35 + 200);
    const lists = await Promise.all(
      daemons.map(async (daemon) => (await daemon.messages(group)).map(textOf)),
    );
    for (const list of lists) assert.deepEqual(list, lists[0], 'one order for all');
    assert.deepEqual([...(lists[0] ?? [])].sort(), expectedTexts().sort());
    const counts = await Promise.all(daemons.map(async (daemon) => (await daemon.status()).counts));
    for (const count of counts) assert.equal(count.refused_forged ?? 0, 0);
  });
});

function expectedTexts(): string[] {
  return [0, 1, 2, 3, 4].flatMap((i) => [
    `before ${i}`,
    ...Array.from({ length: 40 }, (_, n) => `cut ${i} ${n}`),
  ]);
}
