import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { withoutGo } from '../../scripts/go-toolchain.js';
import { Fleet } from '../support/fleet.js';
import {
  type NegativeCase,
  type NegativeServer,
  negativeCases,
  startNegativeServer,
} from '../support/negative-http2.js';
import { negativeExpectations } from './cases.js';
import { grpcGo, runGoClient, type Verdict } from './go-programs.js';

describe("grpc-go's negative HTTP/2 client", { skip: await withoutGo() }, () => {
  let client: string;
  let fleet: Fleet;
  /** For each case a server that is called straight, and one behind an agent with the address of its local proxy. */
  const straightTo = new Map<NegativeCase, NegativeServer>();
  const behind = new Map<NegativeCase, { server: NegativeServer; address: string }>();

  before(async () => {
    client = await grpcGo('http2');
    fleet = await Fleet.make();
    await fleet.up();
    const hidden = new Map<NegativeCase, NegativeServer>();
    for (const name of negativeCases) {
      straightTo.set(name, await startNegativeServer(name));
      hidden.set(name, await startNegativeServer(name));
    }
    await Promise.all([...hidden].map(([name, { address }]) => fleet.agent(nodeOf(name), [address])));
    for (const [name, server] of hidden) {
      behind.set(name, { server, address: await fleet.proxy(nodeOf(name)) });
    }
  });
  after(async () => {
    for (const server of straightTo.values()) server.stop();
    for (const { server } of behind.values()) server.stop();
    await fleet.stop();
  });

  function nodeOf(name: NegativeCase): string {
    return name.replaceAll('_', '-');
  }

  function check(name: string, wanted: RegExp | '', said: Verdict): void {
    if (wanted === '') assert.equal(said, '', name);
    else assert.match(said, wanted, name);
  }

  for (const name of negativeCases) {
    const { straight, through } = negativeExpectations[name];

    test(`${name}: straight to the server`, async () => {
      const server = straightTo.get(name);
      assert.ok(server);
      check(name, straight, await runGoClient(client, server.address, name));
      look(name, server);
    });

    test(`${name}: through a hub and an agent, for a client that can name no node`, async () => {
      const target = behind.get(name);
      assert.ok(target);
      check(name, through, await runGoClient(client, target.address, name));
      look(name, target.server);
    });
  }

  /** What the server's side of the case asks for. */
  function look(name: string, server: NegativeServer): void {
    const { calls, mostOpen, unanswered } = server.seen();
    if (name === 'goaway') assert.deepEqual(calls, [1, 1], 'each call has a connection of its own');
    else assert.ok(calls.reduce((sum, count) => sum + count, 0) > 0, 'the server was called');
    if (name === 'ping') assert.equal(unanswered, 0, 'every PING is answered');
    if (name === 'max_streams') assert.equal(mostOpen, 1, 'no connection has two streams');
  }
});
