import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { Fleet } from '../support/fleet.js';
import { freePort } from '../support/free-port.js';
import { natsServers } from '../support/nats.js';
import { eventually } from '../support/processes.js';

const unary = 'grpc.testing.TestService/UnaryCall';

for (const binary of await natsServers()) {
  test(`hub and agent on a NATS server ${binary.version} that is not embedded`, async (t) => {
    const fleet = await Fleet.make();
    const natsPort = await freePort();
    const listen = `127.0.0.1:${natsPort}`;
    const made = await fleet.postern(['init', '--nats-listen', listen]);
    assert.equal(made.code, 0, made.stderr);
    const start = () => spawn(binary.path, ['-c', made.stdout.trim()], { stdio: 'ignore' });
    let nats = start();
    const stopNats = async (signal: NodeJS.Signals) => {
      const gone = new Promise((resolve) => nats.once('exit', resolve));
      nats.kill(signal);
      await gone;
    };
    t.after(async () => {
      await fleet.stop();
      await stopNats('SIGKILL');
    });

    const hub = await fleet.start([
      ...['hub', '--nats', `nats://${listen}`, '--listen', '127.0.0.1:0', '--metrics', '127.0.0.1:0'],
    ]);
    const server = await fleet.interopServer();
    await fleet.agent('remote', [server.address]);
    const call = () =>
      fleet.postern(['call', 'remote', unary, '-d', '{"responseSize":3}', '--max-time', '5']);
    assert.equal((await call()).code, 0);

    await stopNats('SIGKILL');
    const ready = `http://${await fleet.hubAddress()}/readyz`;
    await eventually('the hub knows', async () => (await fetch(ready)).status === 503, { everyMs: 20 });
    const failed = await call();
    assert.equal(failed.code, 64 + 14, failed.stderr);
    nats = start();
    await eventually('calls go through again', async () => (await call()).code === 0, { timeoutMs: 30_000 });
    assert.equal(await hub.stop(), 0);
  });
}
