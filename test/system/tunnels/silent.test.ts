import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { TunnelStage } from '../../client/tunnel-stage.js';
import { joinToken } from '../../hub/test-hub.js';
import { until } from '../../support/nats.js';
import { checkoutRoot, type RunningProcess, startReady } from '../../support/processes.js';
import { scrape } from '../../support/scrape.js';
import { EchoClient } from './grpc-echo.js';
import { OldNode } from './old-programs.js';
import { type SilentServer, silentGrpc, silentTcp } from './silent-servers.js';

/** Bound for a node's server to be ready for calls, here; 10 s otherwise. */
const openLimitMs = 1_500;
const deadlineMs = 500;
/** How late a busy machine may be: the usual bound of 10 s is still told from the one here. */
const lateMs = 7_000;
/** Calls of each kind. */
const count = 20;
/** Connections that a server is given at most, and calls that it takes on all of them: the others have to wait. */
const connections = 8;
const slots = 2 * connections;

describe('a node that accepts and never answers', { timeout: 120_000 }, () => {
  let stage: TunnelStage;
  const agents: RunningProcess[] = [];
  const servers: SilentServer[] = [];
  const clients: EchoClient[] = [];

  before(async () => {
    stage = await TunnelStage.make({ tunnelConnectSeconds: openLimitMs / 1000, tunnelPingSeconds: 0.5 });
  });
  after(async () => {
    for (const client of clients) client.close();
    for (const agent of agents) await agent.stop();
    for (const server of servers) server.stop();
    await stage.stop();
  });

  const tunnelled = async (node: string, port: number): Promise<void> => {
    await stage.join(node, port, { token: await joinToken(stage.hub, node) }).ready;
    await stage.inState(node, 'connected.idle');
  };
  const agented = async (node: string, port: number): Promise<RunningProcess> => {
    const limit = ['--connect-timeout', `${openLimitMs}ms`, '--metrics', '127.0.0.1:0'];
    const data = ['--data', path.join(stage.nats.dir, `of-${node}`), '--output', 'json'];
    const agent = await startReady(
      path.join(checkoutRoot, 'bin/postern'),
      ['agent', '--node', node, '--to', `127.0.0.1:${port}`, ...limit, ...data],
      {
        env: {
          POSTERN_HUB: `http://${stage.hub.address}`,
          POSTERN_TOKEN: await joinToken(stage.hub, node),
        },
      },
    );
    agents.push(agent);
    await stage.inState(node, 'connected.idle');
    return agent;
  };
  const kept = <S extends SilentServer>(server: S): S => {
    servers.push(server);
    return server;
  };
  const clientOf = (node: string): EchoClient => {
    const metadata = { 'x-postern-node': node, 'x-postern-authorization': stage.hub.adminToken };
    const client = new EchoClient(stage.hub.address, metadata, {
      path: '/raw.Test/Echo',
      message: Buffer.from('hello'),
    });
    clients.push(client);
    return client;
  };
  const inFlight = async (): Promise<number> =>
    (await scrape(stage.hub.metricsAddress)).get('postern_calls_in_flight') ?? Number.NaN;
  /** Makes calls and resolves to what each was told, and when; `ms` is their deadline. */
  const calls = (client: EchoClient, ms?: number) => {
    const since = performance.now();
    const ended = async (): Promise<{ code: number; details: string; afterMs: number }> => {
      const call = client.open(ms);
      void call.ask();
      const end = await call.ended;
      return { ...end, afterMs: performance.now() - since };
    };
    return Promise.all(Array.from({ length: count }, ended));
  };
  const endAtDeadline = async (made: ReturnType<typeof calls>): Promise<void> => {
    for (const { code, details, afterMs } of await made) {
      assert.equal(code, 4, details);
      assert.ok(afterMs < deadlineMs + lateMs, `${afterMs} ms`);
    }
  };
  /** All calls are told in time, and the hub holds none of them any more. */
  const endInTime = async (node: string, said: RegExp): Promise<void> => {
    const client = clientOf(node);
    const [hasty, patient] = [calls(client, deadlineMs), calls(client)];
    await endAtDeadline(hasty);
    for (const { code, details, afterMs } of await patient) {
      assert.equal(code, 14, details);
      assert.match(details, said);
      assert.ok(afterMs < openLimitMs + lateMs, `${afterMs} ms`);
    }
    await until('no call is pending', async () => (await inFlight()) === 0);
    await stage.inState(node, 'connected.idle');
  };

  it('has calls ended at their deadline or the open time-out behind a tunnel, and holds no connection', async () => {
    const server = kept(await silentTcp());
    await tunnelled('mute', server.port);
    await endInTime(
      'mute',
      /^the server at node 'mute' cannot be reached: no HTTP\/2 settings within \d+ ms$/,
    );
    await until('no connection is left', () => server.held === 0);
  });

  it('has calls ended at their deadline or the open time-out behind an agent, and holds no connection', async () => {
    const server = kept(await silentTcp());
    await agented('dumb', server.port);
    await endInTime(
      'dumb',
      /^the server at 127\.0\.0\.1:\d+ cannot be reached: no HTTP\/2 settings within \d+ ms$/,
    );
    await until('no connection is left', () => server.held === 0);
  });

  it('that answers pings and no stream has its streams taken back', async () => {
    const token = await joinToken(stage.hub, 'bare');
    const node = await OldNode.join(stage.hub.address, `?token=${token}`, 'bare');
    await stage.inState('bare', 'connected.idle');
    await endInTime(
      'bare',
      /^the server at node 'bare' cannot be reached: no HTTP\/2 settings within \d+ ms$/,
    );
    const [syn, fin, rst] = [1, 4, 8];
    const streams = (flags: number): number[] => [
      ...new Set(node.frames.filter((one) => (one.flags & flags) !== 0).map(({ streamId }) => streamId)),
    ];
    assert.ok(streams(syn).length > 0, 'streams were opened');
    await until('each was ended', () => streams(syn).every((id) => streams(fin | rst).includes(id)));
    node.kill();
  });

  for (const way of ['tunnel', 'agent'] as const) {
    it(`that takes calls and answers none ends them at their deadline, and works on after it (${way})`, async () => {
      const server = kept(await silentGrpc(slots / connections));
      const node = `slow-${way}`;
      const agent = way === 'agent' ? await agented(node, server.port) : await tunnelled(node, server.port);
      const client = clientOf(node);
      const patient = calls(client);
      await until('the server has as many as it takes', () => server.held === slots);
      await until('the hub counts all', async () => (await inFlight()) === count);
      await endAtDeadline(calls(client, deadlineMs));
      await until('those without a deadline go on', async () => (await inFlight()) === count);
      assert.equal(server.held, slots);
      await client.cancelAll();
      for (const { code } of await patient) assert.equal(code, 1);
      await until('no call is pending', async () => (await inFlight()) === 0);
      await until('the server is rid of them', () => server.held === 0);
      if (agent !== undefined) {
        await until('the agent is rid of them', async () => {
          const left = await scrape(String(agent.ready.metrics));
          const counts = ['postern_agent_upstream_calls', 'postern_agent_calls_open'];
          return counts.every((name) => left.get(name) === 0);
        });
      }
      server.speak();
      await clientOf(node).roundTrip();
    });
  }
});
