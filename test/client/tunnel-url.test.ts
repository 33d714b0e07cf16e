import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tunnelUrl, tunnelUrls } from '../../src/client/tunnel/tunnel-url.js';

test('where a hub takes tunnels may be written in short', () => {
  const meant = {
    'wss://hub.example/ws': 'wss://hub.example/ws',
    'wss://hub.example': 'wss://hub.example/ws',
    'https://hub.example:8443/': 'wss://hub.example:8443/ws',
    'http://hub.example/behind/ws': 'ws://hub.example/behind/ws',
    'hub.example:8080': 'ws://hub.example:8080/ws',
    '[::1]:8080': 'ws://[::1]:8080/ws',
    'ws://hub.example/ws?token=t': 'ws://hub.example/ws?token=t',
  };
  for (const [written, url] of Object.entries(meant)) assert.equal(tunnelUrl(written).href, url);
});

test('what is no such place is refused, without the secrets in it', () => {
  for (const text of ['', 'grpc://hub.example', 'ws://', 'ws://u:geheim@h:x/ws', 'nats://h/?token=geheim']) {
    assert.throws(
      () => tunnelUrl(text),
      (thrown: Error) => {
        assert.match(thrown.message, /is not the URL of a hub's WebSocket/);
        assert.ok(!thrown.message.includes('geheim'), thrown.message);
        return true;
      },
    );
  }
});

test('several hubs are read in their order, and none is refused', () => {
  assert.deepEqual(
    tunnelUrls(['wss://one.example', 'two:81']).map(({ href }) => href),
    ['wss://one.example/ws', 'ws://two:81/ws'],
  );
  assert.throws(() => tunnelUrls([]), { code: 'HUB_UNKNOWN', exitCode: 2 });
});
