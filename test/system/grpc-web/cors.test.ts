import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Field, valuesOf } from '../../support/differential/fields.js';
import { versions, type WebSaw, webCall } from '../../support/grpc-web/client.js';
import { origin, startWebStage, type WebStage } from '../../support/grpc-web/stage.js';

const path = '/grpc.testing.TestService/StreamingOutputCall';
let stage: WebStage;

before(async () => {
  stage = await startWebStage();
});
after(() => stage.stop());

for (const version of versions) {
  describe(`a page that calls over ${version}`, () => {
    const call = (from: string | undefined, headers: readonly Field[] = []): Promise<WebSaw> =>
      webCall(
        {
          address: stage.hub,
          version,
          path,
          headers: [
            ...Object.entries(stage.metadata),
            ...(from === undefined ? [] : [['origin', from] as const]),
            ...headers,
          ],
        },
        Buffer.alloc(5),
      );
    const preflight = (from: string, asked: string, to = path): Promise<WebSaw> =>
      webCall(
        {
          address: stage.hub,
          version,
          path: to,
          method: 'OPTIONS',
          contentType: '',
          headers: [
            ['origin', from],
            ['access-control-request-method', 'POST'],
            ['access-control-request-headers', asked],
          ],
        },
        '',
      );
    const started = (): number => stage.server.counters.started;

    test('is told before that it may, if its origin is let in', async () => {
      const asked = 'authorization,content-type,x-grpc-web,x-postern-node';
      const saw = await preflight(origin, asked);
      assert.equal(saw.httpStatus, 204);
      const one = (name: string): string => valuesOf(saw.fields, name).join();
      assert.equal(one('access-control-allow-origin'), origin);
      assert.equal(one('access-control-allow-methods'), 'POST');
      assert.equal(one('access-control-allow-headers'), asked);
      assert.equal(one('access-control-max-age'), '600');
      assert.equal(one('access-control-allow-credentials'), '');
      assert.match(one('vary'), /\bOrigin\b/);
    });

    test('is told before that it may not, if its origin is another', async () => {
      for (const from of [
        'https://evil.example.org',
        `${origin}.evil.org`,
        'null',
        'http://app.example.org',
      ]) {
        const saw = await preflight(from, 'content-type,x-grpc-web');
        assert.equal(saw.httpStatus, 403);
        assert.deepEqual(valuesOf(saw.fields, 'access-control-allow-origin'), []);
      }
    });

    test('reads answers from its origin, and all that they tell', async () => {
      const echoed: readonly Field[] = [['x-grpc-test-echo-initial', 'hello']];
      const saw = await call(origin, echoed);
      assert.deepEqual(valuesOf(saw.trailers ?? [], 'grpc-status'), ['0']);
      assert.deepEqual(valuesOf(saw.fields, 'access-control-allow-origin'), [origin]);
      assert.deepEqual(valuesOf(saw.fields, 'vary'), ['Origin']);
      const exposed = valuesOf(saw.fields, 'access-control-expose-headers').join().split(', ');
      for (const name of [
        'grpc-status',
        'grpc-message',
        'grpc-status-details-bin',
        'x-postern-error',
        'x-grpc-test-echo-initial',
      ]) {
        assert.ok(exposed.includes(name), name);
      }
    });

    test('reads why it was refused', async () => {
      const wrong = await webCall(
        { address: stage.hub, version, path, headers: [['origin', origin]] },
        Buffer.alloc(5),
      );
      assert.deepEqual(valuesOf(wrong.fields, 'grpc-status'), ['16']);
      assert.deepEqual(valuesOf(wrong.fields, 'access-control-allow-origin'), [origin]);
      const zipped = await call(origin, [['content-encoding', 'gzip']]);
      assert.equal(zipped.httpStatus, 415);
      assert.deepEqual(valuesOf(zipped.fields, 'access-control-allow-origin'), [origin]);
    });

    test('of another origin is refused, whatever token it has, and nothing reaches the server', async () => {
      const before = started();
      for (const from of ['https://evil.example.org', 'null', 'http://127.0.0.1:1']) {
        const saw = await call(from);
        assert.equal(saw.httpStatus, 403);
        assert.deepEqual(valuesOf(saw.fields, 'x-postern-error'), ['ORIGIN_REFUSED']);
        assert.deepEqual(valuesOf(saw.fields, 'access-control-allow-origin'), []);
      }
      assert.equal(started(), before);
    });

    test("of the hub's own origin is let in, and so is a program that is no page", async () => {
      for (const from of [`http://${stage.hub}`, undefined]) {
        const saw = await call(from);
        assert.deepEqual(valuesOf(saw.trailers ?? [], 'grpc-status'), ['0']);
        assert.deepEqual(valuesOf(saw.fields, 'access-control-allow-origin'), []);
        assert.deepEqual(valuesOf(saw.fields, 'vary'), ['Origin']);
      }
    });
  });
}
