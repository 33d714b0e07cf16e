import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import {
  credentials,
  type handleServerStreamingCall,
  type handleUnaryCall,
  Metadata,
  Server,
  ServerCredentials,
  status,
} from '@grpc/grpc-js';
import type { Identity } from '../../src/auth/identity.js';
import { CallFailed, unary } from '../../src/client/call-failed.js';
import {
  type ListRunsResponse,
  RunsClient,
  RunsService,
  type WatchRunResponse,
} from '../../src/gen/postern/v1/runs.js';
import { withCaller } from '../../src/hub/caller-metadata.js';
import { guarded } from '../../src/hub/guarded-service.js';
import { userField } from '../../src/own-service.js';
import { testLog } from '../support/nats.js';

describe('a service of another role behind a hub', () => {
  const users: string[] = [];
  const server = new Server();
  let client: RunsClient;
  before(async () => {
    const userOf = (metadata: Metadata) => users.push(String(metadata.get(userField)));
    const listRuns: handleUnaryCall<unknown, ListRunsResponse> = ({ metadata }, callback) => {
      userOf(metadata);
      callback(null, { runs: [], more: false });
    };
    const watchRun: handleServerStreamingCall<unknown, WatchRunResponse> = (call) => {
      userOf(call.metadata);
      call.end();
    };
    server.addService(
      RunsService,
      guarded(
        { definition: RunsService, implementation: { listRuns, watchRun } },
        { view: () => undefined },
        { ended: () => undefined },
        testLog,
      ),
    );
    const port = await new Promise<number>((resolve) =>
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (_, bound) => resolve(bound)),
    );
    client = new RunsClient(`127.0.0.1:${port}`, credentials.createInsecure());
  });
  after(() => {
    client?.close();
    server.forceShutdown();
  });

  /** What the front door says of a caller with this role, beside what the caller says. */
  function called(
    role: Identity['roles'][number],
    claims: Pick<Identity, 'nodes' | 'methods'> = {},
  ): Metadata {
    const identity: Identity = {
      ...{ subject: 'alice', tokenId: 't', issuer: 'postern', roles: [role], limits: {}, expiresAtMs: 0 },
      ...claims,
    };
    const metadata = new Metadata();
    metadata.set(userField, 'root');
    const raw = withCaller([], identity);
    metadata.set(raw[0] ?? '', raw[1] ?? '');
    return metadata;
  }

  test('is for callers with the role operate, and is told who they are by the hub alone', async () => {
    for (const metadata of [called('call'), new Metadata()]) {
      await assert.rejects(
        unary((done) => client.listRuns({ limit: 0 }, metadata, done)),
        (thrown) =>
          thrown instanceof CallFailed &&
          [status.PERMISSION_DENIED, status.UNAUTHENTICATED].includes(thrown.status.code),
      );
      const watch = client.watchRun({ run: 'r' }, metadata);
      watch.on('data', () => {});
      const [thrown] = await once(watch, 'error');
      assert.ok([status.PERMISSION_DENIED, status.UNAUTHENTICATED].includes(thrown.code));
    }
    assert.deepEqual(users, []);
    await unary((done) => client.listRuns({ limit: 0 }, called('operate'), done));
    const watch = client.watchRun({ run: 'r' }, called('admin'));
    watch.on('data', () => {});
    await once(watch, 'end');
    assert.deepEqual(users, ['alice', 'alice']);
  });

  test('is for nobody whose token leaves nodes out, or names only other methods', async () => {
    users.length = 0;
    const list = (claims: Pick<Identity, 'nodes' | 'methods'>) =>
      unary((done) => client.listRuns({ limit: 0 }, called('admin', claims), done));
    for (const [claims, pattern] of [
      [{ nodes: ['edge-*'] }, /ListRuns: claim nodes/],
      [{ nodes: ['!gpu'] }, /claim nodes/],
      [{ nodes: [] }, /claim nodes/],
      [{ methods: ['etcdserverpb.KV/*'] }, /ListRuns: claim methods/],
      [{ methods: ['postern.v1.Runs/WatchRun'] }, /claim methods/],
    ] as const) {
      await assert.rejects(list(claims), (thrown) => {
        assert.ok(thrown instanceof CallFailed);
        assert.equal(thrown.status.code, status.PERMISSION_DENIED);
        assert.match(thrown.message, pattern);
        return true;
      });
    }
    assert.deepEqual(users, []);
    await list({ nodes: ['edge-*', '*'], methods: ['postern.v1.Runs/*'] });
    assert.deepEqual(users, ['alice']);
  });
});
