import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, describe, it } from 'node:test';
import { startTestNats, type TestNats } from '../../support/nats.js';
import { startTestHub, type TestHub } from '../test-hub.js';
import { type RecordingService, startRecordingService } from './recording-service.js';

describe('gRPC-web at a host of the route table', () => {
  let nats: TestNats;
  let hub: TestHub;
  let calls: RecordingService;
  let site: Server;
  const seen: IncomingMessage[] = [];

  const ask = async (host: string, headers: Record<string, string>, method = 'POST') => {
    const sent = request(`http://${hub.address}/pkg.S/M`, {
      method,
      agent: false,
      headers: { host, ...headers },
    });
    sent.end(method === 'POST' ? Buffer.alloc(5) : undefined);
    const [response]: IncomingMessage[] = await once(sent, 'response');
    response?.resume();
    await once(response ?? sent, 'end');
    return response?.headers['x-site'] ?? 'the hub';
  };
  const web = { 'content-type': 'application/grpc-web+proto' };
  const preflight = (...names: string[]) => ({
    origin: 'https://app.test',
    'access-control-request-method': 'POST',
    'access-control-request-headers': ['content-type', 'x-grpc-web', ...names].join(','),
  });

  before(async () => {
    nats = await startTestNats();
    calls = await startRecordingService();
    site = createServer((asked, response) => {
      seen.push(asked);
      asked.resume();
      response.setHeader('x-site', 'the site').end('hello');
    }).listen(0, '127.0.0.1');
    await once(site, 'listening');
    const { port } = site.address() as AddressInfo;
    const to = `http://127.0.0.1:${port}`;
    hub = await startTestHub(nats, {
      routes: [
        { host: 'site.test', to, access: 'public' },
        { host: 'both.test', to, access: 'public' },
        { host: 'both.test', to: `grpc://${calls.address}`, access: 'public' },
      ],
    });
  });
  after(async () => {
    await hub.stop();
    site.close();
    site.closeAllConnections();
    await Promise.all([calls.stop(), nats.stop()]);
  });
  beforeEach(() => {
    seen.length = 0;
    calls.seen.length = 0;
  });

  it('goes untranslated to a service that speaks HTTP, where there is nothing else', async () => {
    assert.equal(await ask('site.test', web), 'the site');
    assert.equal(seen[0]?.headers['content-type'], 'application/grpc-web+proto');
    assert.equal(await ask('site.test', preflight(), 'OPTIONS'), 'the site');
  });

  it('goes to the hub where it names a node', async () => {
    assert.equal(await ask('site.test', { ...web, 'x-postern-node': 'cellar' }), 'the hub');
    assert.equal(await ask('site.test', { ...web, name: 'cellar' }), 'the hub');
    assert.equal(await ask('site.test', preflight('X-Postern-Node'), 'OPTIONS'), 'the hub');
    assert.equal(seen.length, 0);
  });

  it('is translated for a gRPC service, while other requests go to the one beside it', async () => {
    assert.equal(await ask('both.test', web), 'the hub');
    assert.deepEqual([calls.seen.length, seen.length], [1, 0]);
    assert.equal(calls.seen[0]?.['content-type'], 'application/grpc+proto');
    assert.equal(await ask('both.test', { 'content-type': 'application/json' }), 'the site');
    assert.deepEqual([calls.seen.length, seen.length], [1, 1]);
  });
});
