import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Bus } from '../../src/bus/bus.js';
import type { PeerAddress } from '../../src/rpc/exchange-port.js';
import { natsServers, startTestNats, type TestNats, until } from '../support/nats.js';

interface Heard {
  readonly from: PeerAddress;
  readonly text: string;
}

/** Joins and writes down what comes. */
function join(bus: Bus, self: PeerAddress) {
  const heard: Heard[] = [];
  const missing: { to: PeerAddress; ticket: number }[] = [];
  const joined = bus.joinCalls(self, {
    receive(from, message) {
      const text = new TextDecoder().decode(message);
      heard.push({ from, text });
      if (text === 'throw') throw new Error('on purpose');
    },
    noResponders: (to, ticket) => missing.push({ to, ticket }),
  });
  return { ...joined, heard, missing };
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

for (const binary of await natsServers()) {
  describe(`calls on nats-server ${binary.version}`, () => {
    let nats: TestNats;
    let hub: Bus;
    let agent: Bus;
    const hubAt: PeerAddress = { name: 'hub', instance: 'h1' };
    const nodeAt: PeerAddress = { name: 'n1', instance: '1-a' };
    before(async () => {
      nats = await startTestNats(binary);
      hub = await nats.hub();
      agent = await nats.agent('n1');
    });
    after(() => nats.stop());

    it('go both ways, in order, with the proven sender', async () => {
      const atHub = join(hub, hubAt);
      const atNode = join(agent, nodeAt);
      await until('the way there stands', () => {
        atHub.port.send(nodeAt, bytes('knock'), 0);
        return atNode.heard.length > 0;
      });
      atNode.heard.length = 0;
      const texts = Array.from({ length: 200 }, (_, index) => `message ${index}`);
      for (const text of texts) atHub.port.send(nodeAt, bytes(text), index(text) % 2);
      await until('all came there', () => atNode.heard.filter(({ text }) => text !== 'knock').length >= 200);
      assert.deepEqual(
        atNode.heard.filter(({ text }) => text !== 'knock').map(({ text }) => text),
        texts,
      );
      assert.deepEqual(atNode.heard.at(-1)?.from, hubAt);
      assert.equal(atNode.heard.at(-1)?.from, atNode.heard.at(-2)?.from, 'one address object per sender');
      atNode.port.send(hubAt, bytes('back'), 7);
      await until('it came back', () => atHub.heard.length >= 1);
      assert.deepEqual(atHub.heard, [{ from: nodeAt, text: 'back' }]);
      assert.deepEqual([atHub.missing, atNode.missing], [[], []]);
      atHub.stop();
      atNode.stop();
    });

    it('hint that nobody listens, when asked to', async () => {
      const atHub = join(hub, hubAt);
      const gone: PeerAddress = { name: 'n1', instance: '0-gone' };
      atHub.port.send(gone, bytes('x'), 0);
      atHub.port.send({ name: 'n2', instance: 'never' }, bytes('x'), 7);
      await until('the hint came', () => atHub.missing.length > 0);
      assert.deepEqual(atHub.missing, [{ to: { name: 'n2', instance: 'never' }, ticket: 7 }]);
      atHub.stop();
    });

    it('outlive a receiver that throws, and hear nothing after the end', async () => {
      const atHub = join(hub, hubAt);
      const atNode = join(agent, nodeAt);
      await until('the way stands', () => {
        atNode.port.send(hubAt, bytes('throw'), 0);
        return atHub.heard.length > 0;
      });
      atNode.port.send(hubAt, bytes('after'), 0);
      await until('the next one came', () => atHub.heard.some(({ text }) => text === 'after'));
      atHub.stop();
      atHub.stop();
      const { length } = atHub.heard;
      await until('nobody is there', () => {
        atNode.port.send(hubAt, bytes('late'), 7);
        return atNode.missing.length > 0;
      });
      assert.equal(atHub.heard.length, length);
      atNode.stop();
    });

    it('take messages up to the size that the server says, and never throw', async () => {
      const atHub = join(hub, hubAt);
      const atNode = join(agent, nodeAt);
      const { port } = atNode;
      assert.equal(port.maxMessageBytes, 1024 * 1024);
      assert.equal(port.connected, true);
      port.send(hubAt, new Uint8Array(port.maxMessageBytes + 1), 0);
      port.send({ name: 'a b', instance: '*' }, bytes('x'), 7);
      await until('the largest came', () => {
        port.send(hubAt, new Uint8Array(port.maxMessageBytes), 0);
        return atHub.heard.some(({ text }) => text.length === port.maxMessageBytes);
      });
      assert.ok(atHub.heard.every(({ text }) => text.length <= port.maxMessageBytes));
      atHub.stop();
      atNode.stop();
      await agent.close();
      port.send(hubAt, bytes('x'), 7);
      assert.equal(port.connected, false);
    });
  });
}

function index(text: string): number {
  return Number(text.split(' ')[1]);
}
