import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { status } from '@grpc/grpc-js';
import { DaemonProcess, textOf, unary } from '../../support/daemon.js';
import { eventually } from '../../support/processes.js';

describe('daemons of other roles', () => {
  let dir: string;
  let names = 0;
  const started: DaemonProcess[] = [];
  before(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'postern-roles-'));
  });
  after(async () => {
    await Promise.all(started.map((daemon) => daemon.stop()));
    await rm(dir, { recursive: true });
  });

  async function start(...extra: string[]): Promise<DaemonProcess> {
    const daemon = await DaemonProcess.start(path.join(dir, String(names++)), extra);
    started.push(daemon);
    return daemon;
  }

  /** Brings two into a group, and waits until the second reads what the first says. */
  async function meet(one: DaemonProcess, other: DaemonProcess): Promise<Buffer> {
    const group = await one.createGroup();
    await other.join((await one.groupInfo(group)).group);
    await eventually('they know each other', async () => (await one.metadata(group)).length >= 6);
    await one.say(group, 'hello');
    await eventually('it is heard', async () => (await other.messages(group)).map(textOf).includes('hello'));
    return group;
  }

  test('a rendezvous point tells peers of the same group of each other, and only those', async () => {
    const rdvp = await start('--role', 'rdvp');
    const way = ['--rdvp', rdvp.peerAddress];
    const [one, other, stranger] = await Promise.all([start(...way), start(...way), start(...way)]);
    await meet(one, other);
    const rolesOf = async (daemon: DaemonProcess): Promise<string[]> =>
      (await daemon.status()).peers.map(({ role }) => role).sort();
    // Two who dial each other at once have two connections for a moment.
    await eventually('they have each other', async () =>
      isDeepStrictEqual(await rolesOf(one), ['peer', 'rdvp']),
    );
    await eventually('the stranger is there too', async () => (await rolesOf(stranger)).length > 0);
    assert.deepEqual(await rolesOf(stranger), ['rdvp']);
    assert.equal((await rdvp.status()).groups.length, 1, 'it holds nothing but the group of its own account');
  });

  test('a bootstrap tells everybody, and a relay leads peers to each other that nobody can dial', async () => {
    const [bootstrap, relay] = await Promise.all([start('--role', 'bootstrap'), start('--role', 'relay')]);
    const way = ['--bootstrap', bootstrap.peerAddress, '--relay', relay.peerAddress, '--peer-listen', 'off'];
    const [one, other] = await Promise.all([start(...way), start(...way)]);
    assert.equal(one.peerAddress, 'undefined');
    await meet(one, other);
    const { addresses } = await eventually('the relay leads to it', async () => {
      const status = await one.status();
      return status.addresses.length > 0 && status;
    });
    assert.deepEqual(addresses, [`relay:${relay.peerAddress}/${one.peerKey}`]);
    await eventually('it has one way to each of the three', async () => {
      const { peers } = await unary(one.protocol, one.protocol.peerList, {});
      return peers.flatMap(({ routes }) => routes).length === 3;
    });
  });

  test('a replication server holds what it cannot read, for those who show its token', async () => {
    const server = await start('--role', 'replication', '--accept-token', 'open sesame');
    const one = await start();
    const group = await one.createGroup();
    const ask = (token: string): Promise<unknown> =>
      unary(one.protocol, one.protocol.replicationServiceRegisterGroup, {
        groupPk: group,
        token,
        authenticationUrl: '',
        replicationServer: server.peerAddress,
      });
    await assert.rejects(ask('guess'), {
      code: status.PERMISSION_DENIED,
      message: /token is not one that this server takes/,
    });
    await ask('open sesame');
    await one.say(group, 'kept');
    const entries = async (daemon: DaemonProcess): Promise<number | undefined> =>
      (await daemon.status()).groups.find(({ groupPk }) => Buffer.from(groupPk).equals(group))?.entries;
    await eventually('the server has it', async () => (await entries(server)) === 3);
    assert.deepEqual(await server.messages(group), []);
    await assert.rejects(server.say(group, 'x'), { code: status.FAILED_PRECONDITION });

    // The author is gone; who joins gets the log from the server, and can prove it is the same.
    const { group: invitation } = await one.groupInfo(group);
    const digest = (await one.status()).groups.find(({ groupPk }) =>
      Buffer.from(groupPk).equals(group),
    )?.digest;
    await one.stop('SIGKILL');
    started.splice(started.indexOf(one), 1);
    const late = await start('--peer', server.peerAddress);
    await unary(late.protocol, late.protocol.multiMemberGroupJoin, { group: invitation });
    await unary(late.protocol, late.protocol.activateGroup, { groupPk: group, localOnly: false });
    await eventually('the log is there', async () => ((await entries(late)) ?? 0) >= 3 + 2);
    assert.ok(digest);
    assert.deepEqual(await late.messages(group), [], 'who joins later cannot read what was said before');
    await eventually(
      'the server has what the late one wrote',
      async () => ((await entries(server)) ?? 0) >= 5,
    );
  });
});
