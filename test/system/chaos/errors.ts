import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { eventually } from '../../support/processes.js';
import { Arena } from './arena.js';
import { bounds, slack } from './bounds.js';

/** Tries what callers are told, on a quiet bus or while somebody listens to all of it. */
export function tryErrors({ tracer }: { readonly tracer: boolean }): void {
  describe(`errors ${tracer ? 'while somebody listens to the whole bus' : 'on a quiet bus'}`, () => {
    let arena: Arena;
    before(async () => {
      arena = await Arena.open({ bus: 'embedded', tracer });
    });
    after(() => arena?.close());

    /** One short call; it must be over at once. */
    async function ask(node: string): Promise<[number, string | undefined, string]> {
      const since = performance.now();
      const { code, marker, message } = await arena.caller(node).ask(20_000);
      assert.ok(performance.now() - since < (bounds.atOnce + slack) * 1000, message);
      return [code, marker, message];
    }

    test('a node that is not known', async () => {
      const why = "node 'nobody' is not known here";
      assert.deepEqual(await ask('nobody'), [14, 'NODE_UNKNOWN', why]);
    });

    test('a server that is not there, and one that comes back', async () => {
      await arena.server.stop();
      await eventually('nobody listens', async () => (await ask('victim'))[0] === 14);
      const [code, marker, message] = await ask('victim');
      assert.deepEqual([code, marker], [14, 'UNAVAILABLE']);
      assert.match(message, /^the server at 127\.0\.0\.1:\d+ cannot be reached/);
      await arena.restart('server');
      assert.equal((await ask('victim'))[0], 0);
    });

    test('an agent that was told to stop, one that was killed, and one that is there again', async () => {
      await arena.agent.stop();
      await eventually('the hub knows', async () => (await ask('victim'))[1] === 'NODE_OFFLINE');
      await arena.restart('agent');
      assert.equal((await ask('victim'))[0], 0);

      arena.agent.signal('SIGKILL');
      await arena.agent.exited;
      const call = arena.caller().open('Wait');
      const end = await call.ended;
      assert.equal(end.code, 14);
      // The hub may have asked it just before the call, where the bus says that nobody listens.
      if (!tracer && end.marker === 'NODE_OFFLINE') assert.match(end.message, /is not connected/);
      else {
        assert.equal(end.marker, 'UNAVAILABLE');
        assert.match(end.message, tracer ? /took no notice of the call/ : /does not listen|took no notice/);
      }
      assert.ok(end.at - call.openedAt < ((tracer ? bounds.unheard : bounds.atOnce) + slack) * 1000);
      await eventually('the hub knows', async () => (await ask('victim'))[1] === 'NODE_OFFLINE');
      assert.match((await ask('victim'))[2], /^node 'victim' is not connected \(last seen \d+ s ago\)$/);
      await arena.restart('agent');
      assert.equal((await ask('victim'))[0], 0);
    });

    if (!tracer) return;
    test('a hub that was killed, and one that is there again', async () => {
      const caller = arena.caller();
      const calls = await arena.openAll(caller);
      arena.hub.signal('SIGKILL');
      for (const { code } of await Promise.all(calls.map(({ ended }) => ended))) assert.equal(code, 14);
      await arena.restart('hub');
      await eventually('calls go through', async () => (await caller.ask()).code === 0);
    });
  });
}
