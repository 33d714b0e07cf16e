import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { credentials, status } from '@grpc/grpc-js';
import { ProxyClient } from '../../../src/gen/infra/server.js';
import { DaemonProcess, unary } from '../../support/daemon.js';
import { Fleet } from '../../support/fleet.js';
import { eventually, type RunningProcess } from '../../support/processes.js';

describe('a controller of before', () => {
  let fleet: Fleet;
  let token: RunningProcess;
  let node: DaemonProcess;
  let one: DaemonProcess;
  let other: DaemonProcess;
  const proxies: ProxyClient[] = [];
  const daemons = new Set<DaemonProcess>();
  before(async () => {
    fleet = await Fleet.make();
    const keys = path.join(fleet.dir, 'token/token-server/key.jwk');
    // The key has to be there before the node, and the node's address before the server.
    const early = await fleet.start(serverLine('127.0.0.1:1'));
    const key = String(early.ready.publicKey);
    await early.stop();
    assert.ok(JSON.parse(await readFile(keys, 'utf8')).d);
    [node] = await Promise.all([start('node', '--role', 'replication', '--accept-key', key), fleet.up()]);
    one = await start('one');
    [token, other] = await Promise.all([
      fleet.start(serverLine(node.peerAddress)),
      start('other', '--peer', one.peerAddress),
    ]);
    for (const [name, daemon] of [
      ['one', one],
      ['other', other],
    ] as const) {
      const extra = ['--daemon', String(daemon.process.ready.listen), '--infra-listen', '127.0.0.1:0'];
      const agent = await fleet.agent(name, [], extra, `agent-${name}`);
      proxies.push(new ProxyClient(String(agent.ready.infra), credentials.createInsecure()));
    }
  });
  after(async () => {
    for (const proxy of proxies) proxy.close();
    await Promise.all([...daemons].map((daemon) => daemon.stop()));
    await fleet.stop();
  });

  const serverLine = (service: string): string[] => [
    ...['token-server', '--listen', '127.0.0.1:0', '--data', path.join(fleet.dir, 'token')],
    ...['--service', `rpl@${service}`, '--no-click'],
  ];

  async function start(name: string, ...extra: string[]): Promise<DaemonProcess> {
    const daemon = await DaemonProcess.start(path.join(fleet.dir, name), extra);
    daemons.add(daemon);
    return daemon;
  }

  async function entries(daemon: DaemonProcess, group: Buffer): Promise<number> {
    const { groups } = await daemon.status();
    return groups.find(({ groupPk }) => Buffer.from(groupPk).equals(group))?.entries ?? 0;
  }

  test('has a group replicated, and who comes when all members are gone gets what they have written', async () => {
    const [first, second] = proxies;
    assert.ok(first !== undefined && second !== undefined);
    const groupName = 'a garden';
    const { invite } = await unary(first, first.createInvite, { groupName });
    await unary(second, second.joinGroup, { groupName, invite });
    const tokenIp = String(token.ready.listen);
    const add = (proxy: ProxyClient, more: object = {}): Promise<unknown> =>
      unary(proxy, proxy.addReplication, { groupName, tokenIp, ...more });
    await assert.rejects(add(first, { groupName: 'a field' }), { code: status.FAILED_PRECONDITION });
    await assert.rejects(add(first, { tokenIp: `http://${tokenIp}/` }), { code: status.INVALID_ARGUMENT });
    await assert.rejects(add(first, { tokenIp: '127.0.0.1:9' }), { code: status.UNAVAILABLE });
    await Promise.all([add(first), add(first), add(second)]);
    const held = (await node.status()).groups.map(({ groupPk }) => Buffer.from(groupPk));
    const mine = (await one.status()).groups.map(({ groupPk }) => Buffer.from(groupPk));
    const group = held.find((key) => mine.some((own) => own.equals(key)));
    assert.ok(group !== undefined, 'the node holds the group');

    await eventually('they know each other', async () => (await one.metadata(group)).length >= 6);
    await one.say(group, 'of one');
    await other.say(group, 'of the other');
    await eventually('all of it is held', async () => (await entries(node, group)) === 8);
    assert.deepEqual(await node.messages(group), [], 'the node cannot read it');
    const { group: invitation } = await one.groupInfo(group);
    for (const daemon of [one, other]) {
      await daemon.stop('SIGKILL');
      daemons.delete(daemon);
    }
    const late = await start('late', '--peer', node.peerAddress);
    await late.join(invitation);
    await eventually('the log is there', async () => (await entries(late, group)) >= 8 + 2);
  });
});
