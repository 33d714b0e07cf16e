import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Differential } from '../../support/differential/differential.js';
import { message } from '../../support/differential/message.js';
import { eventually } from '../../support/processes.js';

let differential: Differential;
before(async () => {
  differential = await Differential.start();
});
after(() => differential.stop());

describe('the four kinds of calls', () => {
  test('a unary call', async () => {
    const { server, client } = await differential.same({
      body: message('question'),
      async serve(call) {
        await call.requestEnd;
        call.head();
        await call.data(message('answer'));
        call.trailers();
      },
    });
    assert.equal(server?.halfClosed, true);
    assert.deepEqual(client.body, message('answer'));
  });

  test('a client stream, half-closed before the only answer', async () => {
    await differential.same({
      async drive(call) {
        for (let i = 0; i < 5; i += 1) call.stream.write(message(`part ${i}`));
        call.stream.end();
        await call.closed;
      },
      async serve(call) {
        const body = await call.requestEnd;
        call.head();
        await call.data(message(`${body.length} bytes`));
        call.trailers();
      },
    });
  });

  test('a server stream', async () => {
    const { client } = await differential.same({
      body: message('all, please'),
      async serve(call) {
        await call.requestEnd;
        call.head();
        for (let i = 0; i < 20; i += 1) await call.data(message(`part ${i}`));
        call.trailers();
      },
    });
    assert.equal(client.body.length, 10 * message('part 0').length + 10 * message('part 10').length);
  });

  test('a bidirectional stream, each message answered before the next', async () => {
    await differential.same({
      async drive(call) {
        for (let i = 1; i <= 5; i += 1) {
          call.stream.write(message(`ping ${i}`));
          const wanted = i * message('pong 1').length;
          await eventually('the answer comes', () => call.received === wanted, { everyMs: 1 });
        }
        call.stream.end();
      },
      async serve(call) {
        call.head();
        for (let i = 1; i <= 5; i += 1) {
          const wanted = i * message('ping 1').length;
          await eventually('the question comes', () => call.received === wanted, { everyMs: 1 });
          await call.data(message(`pong ${i}`));
        }
        await call.requestEnd;
        call.trailers();
      },
    });
  });
});
