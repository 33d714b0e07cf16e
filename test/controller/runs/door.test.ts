import assert from 'node:assert/strict';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { credentials, Metadata, status } from '@grpc/grpc-js';
import { AssertionSigner, assertionField, readAssertionKeys } from '../../../src/auth/assertion.js';
import { loadOrCreateCallerKey } from '../../../src/auth/caller-tokens.js';
import type { Identity } from '../../../src/auth/identity.js';
import { CallFailed, unary } from '../../../src/client/call-failed.js';
import { type RunningController, startController } from '../../../src/controller/controller.js';
import { type ControllerDoor, openDoor } from '../../../src/controller/door.js';
import { PosternError } from '../../../src/errors.js';
import { type GetRunResponse, RunsClient, type StartRunResponse } from '../../../src/gen/postern/v1/runs.js';
import { userField } from '../../../src/own-service.js';
import { startTestNats, type TestNats, testLog } from '../../support/nats.js';

const scenario = `
nodes: {north: {}, south: {}}
groups: {chat: {members: [north, south], tests: {ping: {type: text, size: 10B, interval: 1s, amount: 3}}}}
`;

describe('the door of a controller', () => {
  let nats: TestNats;
  let controller: RunningController;
  let door: ControllerDoor;
  let client: RunsClient;
  let signer: AssertionSigner;
  before(async () => {
    nats = await startTestNats();
    await nats.hub();
    const hub = () => Promise.reject(new PosternError('HUB_UNREACHABLE', 'there is none'));
    controller = startController({ bus: await nats.controller(), hub, log: testLog });
    await controller.ready;
    signer = new AssertionSigner(await loadOrCreateCallerKey(join(nats.dir, 'keys')));
    const keys = readAssertionKeys(signer.publicKeys);
    door = await openDoor({ listen: '127.0.0.1:0', service: controller.service, keys, audience: 'runs' });
    client = new RunsClient(door.address, credentials.createInsecure());
  });
  after(async () => {
    client?.close();
    await door?.close();
    await controller?.stop();
    await nats?.stop();
  });

  /** What a hub adds for `alice`, towards whoever is meant. */
  function said(
    audience = 'runs',
    more: Record<string, string> = {},
    claims: Partial<Pick<Identity, 'roles' | 'nodes'>> = {},
  ): Metadata {
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(more)) metadata.set(name, value);
    const identity = {
      ...{ subject: 'alice', tokenId: 't', issuer: 'postern', limits: {} },
      ...{ roles: ['operate'] as const, expiresAtMs: Date.now() + 60_000 },
      ...claims,
    };
    metadata.set(assertionField, signer.assertionFor(identity, audience));
    return metadata;
  }

  const start = (run: string, text: string, metadata = said()) =>
    unary<StartRunResponse>((done) =>
      client.startRun(
        { run, scenario: text, file: 'a.yaml', seed: '', provider: '', replayJson: '' },
        metadata,
        done,
      ),
    );
  const endsWith = (code: status, pattern: RegExp) => (thrown: unknown) => {
    assert.ok(thrown instanceof CallFailed, String(thrown));
    assert.equal(thrown.status.code, code, thrown.message);
    assert.match(thrown.message, pattern);
    return true;
  };

  test('opens only for a hub that says who calls, whatever else a caller says', async () => {
    const forged = new Metadata();
    forged.set(userField, 'root');
    await assert.rejects(start('a', scenario, forged), endsWith(status.UNAUTHENTICATED, /./));
    await assert.rejects(start('a', scenario, said('others')), endsWith(status.UNAUTHENTICATED, /./));
    const watch = client.watchRun({ run: 'a' }, forged);
    watch.on('data', () => {});
    const [thrown] = await once(watch, 'error');
    assert.equal(thrown.code, status.UNAUTHENTICATED);
    const { run } = await start('mine', scenario, said('runs', { [userField]: 'root' }));
    assert.equal(run?.startedBy, 'alice');
  });

  test('opens only for who may operate all nodes, whatever the route lets in', async () => {
    const denied = (pattern: RegExp) => endsWith(status.PERMISSION_DENIED, pattern);
    await assert.rejects(start('b', scenario, said('runs', {}, { roles: ['call'] })), denied(/claim roles/));
    await assert.rejects(
      start('b', scenario, said('runs', {}, { nodes: ['edge-*'] })),
      denied(/claim nodes/),
    );
    const watch = client.watchRun({ run: 'b' }, said('runs', {}, { roles: ['trace'] }));
    watch.on('data', () => {});
    const [thrown] = await once(watch, 'error');
    assert.equal(thrown.code, status.PERMISSION_DENIED);
    const { run } = await start('b', scenario, said('runs', {}, { roles: ['admin'], nodes: ['*'] }));
    assert.equal(run?.startedBy, 'alice');
  });

  test('tells every mistake of a scenario, and begins nothing', async () => {
    const wrong = 'nodes: {north: {}}\ngroups: {chat: {members: [west], tests: {ping: {type: txt}}}}\n';
    await assert.rejects(
      start('wrong', wrong),
      endsWith(status.INVALID_ARGUMENT, /a\.yaml:2(?:.|\n)*west(?:.|\n)*type/),
    );
    await assert.rejects(
      unary((done) => client.getRun({ run: 'wrong' }, said(), done)),
      endsWith(status.NOT_FOUND, /there is no run 'wrong'/),
    );
    await assert.rejects(start('no name', scenario), endsWith(status.INVALID_ARGUMENT, /letters, digits/));
    await assert.rejects(
      start('large', `# ${'x'.repeat(300_000)}\n${scenario}`),
      endsWith(status.INVALID_ARGUMENT, /256 KiB/),
    );
  });

  test('begins a run once: the same again is the one that was begun, another of its name is none', async () => {
    const { run } = await start('again', scenario);
    const again = await start('again', scenario);
    assert.equal(again.run?.startedAtMs, run?.startedAtMs);
    await assert.rejects(
      start('again', `${scenario}\nsettle: 7s\n`),
      endsWith(status.ALREADY_EXISTS, /there is a run 'again'/),
    );
  });

  test('begins one of two that come at once under one name', async () => {
    const texts = [scenario, `${scenario}\nsettle: 7s\n`];
    const twins = await Promise.allSettled(texts.map((text) => start('twin', text)));
    const refused = twins.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
    assert.equal(refused.length, 1);
    endsWith(status.ALREADY_EXISTS, /there is a run 'twin'/)(refused[0]);
    const same = await Promise.all([start('same', scenario), start('same', scenario)]);
    assert.equal(same[0].run?.startedAtMs, same[1].run?.startedAtMs);
  });

  test('gives no report of a run that goes on, and ends it when asked to', async () => {
    await start('goes', scenario);
    const report = client.getReport({ run: 'goes', format: 'json', rulesJson: '' }, said());
    report.on('data', () => {});
    const [thrown] = await once(report, 'error');
    assert.equal(thrown.code, status.FAILED_PRECONDITION);
    await unary((done) => client.stopRun({ run: 'goes', reason: 'enough' }, said(), done));
    const watch = client.watchRun({ run: 'goes' }, said());
    const states: string[] = [];
    for await (const { run } of watch) states.push(`${run?.state} ${run?.verdict} ${run?.reasons.join()}`);
    assert.equal(states.at(-1), 'aborted unknown aborted by alice: enough');
    const { run } = await unary<GetRunResponse>((done) => client.getRun({ run: 'goes' }, said(), done));
    assert.equal(run?.state, 'aborted');
  });
});
