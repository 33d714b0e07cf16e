import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger } from '../../src/log.js';
import { startTestNats, until } from '../support/nats.js';
import { rawClient } from '../support/raw-nats.js';
import { bindKey, StandIn } from './stand-in.js';
import { startTestHub } from './test-hub.js';

/** Takes no calls. */
const nobody = { open: () => assert.fail('a call came') };

test('a node that floods the hub with messages fills no log, and hides no other node', async () => {
  const lines: { msg: string; node?: string; reason?: string }[] = [];
  const log = createLogger('info', {}, { write: (line) => void lines.push(JSON.parse(line)) });
  const nats = await startTestNats();
  const hub = await startTestHub(nats, {}, log);
  try {
    const [loud, quiet] = [await bindKey(hub, 'loud'), await bindKey(hub, 'quiet')];
    const client = await rawClient(
      nats,
      { jwt: loud.jwt, seed: loud.key.seed },
      `_INBOX.agent.loud.${loud.key.publicKey}`,
    );
    const before = lines.length;
    const since = performance.now();
    const hello = `postern.hub.hello.loud.${loud.key.publicKey}`;
    for (let n = 0; n < 5_000; n++) {
      client.publish(hello, '{');
      client.publish(hello, JSON.stringify({ v: 1, [`field ${n}`]: n }));
      client.publish(`postern.hub.bye.loud.${loud.key.publicKey}`, 'null');
    }
    await client.flush();
    const stranger = await StandIn.start(nats, quiet, nobody);
    await stranger.join();
    await until('the quiet node is heard', () =>
      lines.some(({ msg, node }) => msg === 'hello' && node === 'quiet'),
    );
    await client.request(hello, '{}', { timeout: 500 }).catch(() => undefined);
    const dropped = lines.filter(({ msg }) => msg === 'dropped a message');
    // Each ten seconds as many may be written again.
    const spans = 2 + Math.floor((performance.now() - since) / 10_000);
    assert.ok(dropped.length >= 30 && dropped.length <= 30 * spans, `${dropped.length} lines`);
    assert.ok(dropped.every(({ node, reason }) => node === 'loud' && reason !== undefined));
    assert.ok(lines.length - before < 70 + 30 * spans, `${lines.length - before} lines were written`);
    await stranger.bus.close();
    await client.close();
  } finally {
    await hub.stop();
    await nats.stop();
  }
});
