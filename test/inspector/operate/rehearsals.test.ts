import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { credentials, Metadata, Server, ServerCredentials, status } from '@grpc/grpc-js';
import { type RunningController, startController } from '../../../src/controller/controller.js';
import { ArmFaultRequest, FaultsServiceClient } from '../../../src/gen/postern/v1/faults.js';
import { RunsClient, StartRunRequest } from '../../../src/gen/postern/v1/runs.js';
import { ArmTestRequest, CreateTestRequest, TestsServiceClient } from '../../../src/gen/postern/v1/tests.js';
import { ask } from '../../hub/test-hub.js';
import { testLog, until } from '../../support/nats.js';
import { OperatingStage } from './stage.js';

const hourMs = 3_600_000;
const scenario = `
nodes: {north: {}, south: {}}
groups: {chat: {members: [north, south], tests: {ping: {type: text, size: 10B, interval: 1s, amount: 3}}}}
`;

describe('operating what agents and controllers run', { timeout: 200_000 }, () => {
  let stage: OperatingStage;
  let controller: RunningController;
  const name = new Metadata();

  before(async () => {
    stage = await OperatingStage.open();
    const token = stage.hub.adminToken;
    name.set('x-postern-node', 'cellar');
    name.set('x-postern-authorization', token);
    controller = startController({
      bus: await stage.nats.controller(),
      hub: async () => ({ address: stage.hub.address, from: 'of this test', token }),
      told: (operated) => stage.hub.hub.operators.told(operated),
      log: testLog,
    });
    await controller.ready;
    await stage.agent({
      node: 'cellar',
      // nobody listens there
      daemon: '127.0.0.1:1',
      process: { command: [process.execPath, '-e', 'setInterval(() => {}, 1000)'], settleSeconds: 0.1 },
    });
  });
  after(async () => {
    await controller.stop();
    await stage.close();
  });

  /** Calls the service of runs. */
  const runs = async (
    call: (client: RunsClient, done: (error: Error | null) => void) => unknown,
  ): Promise<void> => {
    const server = new Server();
    server.addService(controller.service.definition, controller.service.implementation);
    const port = await new Promise<number>((resolve, reject) =>
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (failed, bound) =>
        failed === null ? resolve(bound) : reject(failed),
      ),
    );
    const client = new RunsClient(`127.0.0.1:${port}`, credentials.createInsecure());
    await ask<void>((done) => call(client, (error) => done(error, undefined)));
    client.close();
    server.forceShutdown();
  };

  it('asks a daemon at once that is asked seldom because it does not answer', async () => {
    const probes = async () => (await stage.actors('daemon', 'cellar'))[0]?.sequence ?? 0;
    // By then it waits for 8 s.
    await until('the pauses are long', async () => (await probes()) >= 12, 60_000);
    const { id } = await stage.actor('daemon', 'cellar', /^unreachable$/);
    const before = await probes();
    const sinceMs = performance.now();
    assert.equal(await stage.operate({ machine: 'daemon', id, event: 'ASKED' }), 'it is asked now');
    await until('it was asked', async () => (await probes()) >= before + 2);
    assert.ok(performance.now() - sinceMs < 6_000, `${performance.now() - sinceMs} ms`);
  });

  it('starts and stops a supervised process', async () => {
    const { id } = await stage.actor('process', 'cellar', /^stopped$/);
    const wish = { machine: 'process', id };
    assert.equal(await stage.operate({ ...wish, event: 'START' }), 'it was started');
    await stage.actor('process', 'cellar', /^running$/);
    await stage.refused({ ...wish, event: 'START' }, status.FAILED_PRECONDITION, /which takes STOP$/);
    assert.equal(await stage.operate({ ...wish, event: 'STOP' }), 'it was stopped');
    await stage.actor('process', 'cellar', /^stopped$/);
  });

  it('stops a test, which keeps who stopped it and why', async () => {
    const tests = new TestsServiceClient(stage.hub.address, credentials.createInsecure());
    const spec = { type: 'text', group: 'g1', size: 10, intervalMs: 1_000, amount: 3 };
    const made = CreateTestRequest.fromPartial({ run: 'r1', test: 't1', spec, settleMs: 100 });
    await ask((done) => tests.createTest(made, name, done));
    const armed = ArmTestRequest.fromPartial({ run: 'r1', test: 't1', startAtMs: Date.now() + hourMs });
    await ask((done) => tests.armTest(armed, name, done));
    tests.close();
    const { bornMs } = await stage.actor('test', 'cellar', /^armed$/);
    const wish = { machine: 'test', id: 'r1.t1.cellar', event: 'STOP_ASKED', reason: 'enough' };
    await stage.refused({ ...wish, bornMs: bornMs - 1 }, status.FAILED_PRECONDITION, /another one is meant/);
    assert.match(await stage.operate({ ...wish, bornMs }), /^it sends nothing more/);
    await until('it is stopped', async () => (await stage.actors('test', 'cellar'))[0]?.state === 'stopped');
    const [{ contextJson = '' } = {}] = await stage.actors('test', 'cellar');
    assert.deepEqual(JSON.parse(contextJson).stop, { by: 'admin', reason: 'enough' });
    await stage.refused(wish, status.FAILED_PRECONDITION, /^it is stopped now|^it has ended/);
  });

  it('takes a fault back before it comes', async () => {
    const faults = new FaultsServiceClient(stage.hub.address, credentials.createInsecure());
    const fault = { run: 'r1', fault: 'f1', kind: 'link', atMs: Date.now() + hourMs, forMs: 1_000 };
    await ask((done) => faults.armFault(ArmFaultRequest.fromPartial(fault), name, done));
    faults.close();
    await stage.actor('fault', 'cellar', /^waiting$/);
    const wish = { machine: 'fault', id: 'r1.f1.cellar', event: 'HEAL_ASKED' };
    assert.equal(await stage.operate(wish), 'it is cancelled');
    await until('it was told', async () => (await stage.told('fault/r1.f1.cellar')).length === 1);
  });

  it('stops a run, in the name of who wanted it', async () => {
    await runs((client, done) => client.startRun(StartRunRequest.fromPartial({ run: 'r7', scenario }), done));
    await stage.actor('run', '', /^gathering$/);
    const wish = { machine: 'run', id: 'r7', event: 'ABORTED', reason: 'enough' };
    assert.equal(await stage.operate(wish), 'it is asked to end');
    await until('it is aborted', async () => (await stage.actors('run', ''))[0]?.state === 'aborted');
    const [{ contextJson = '' } = {}] = await stage.actors('run', '');
    assert.deepEqual(JSON.parse(contextJson).aborted, { by: 'admin', reason: 'enough' });
    await stage.refused(wish, status.FAILED_PRECONDITION, /^it is aborted now|^it has ended/);
    await until('it was told', async () => (await stage.told('run/r7')).length === 2);
  });

  it('hears of a run that was asked to end by the service of runs, too', async () => {
    await runs((client, done) => client.startRun(StartRunRequest.fromPartial({ run: 'r8', scenario }), done));
    await runs((client, done) => client.stopRun({ run: 'r8', reason: 'too long' }, done));
    await until('it was told', async () => (await stage.told('run/r8')).length === 1);
    const [event] = await stage.told('run/r8');
    assert.deepEqual([event?.method, event?.note], ['postern.v1.Runs/StopRun', 'too long']);
  });
});
