import { connect } from 'node:http2';
import { after, before, describe, it } from 'node:test';
import { callees } from '../../support/callee-table/callees.js';
import { type CallsSetting, callCases } from '../../support/callee-table/calls.js';
import { type OddServer, startOddServer } from '../../support/callee-table/odd-server.js';
import { Fleet } from '../../support/fleet.js';
import { type InteropTarget, interopCases } from '../../support/interop/cases.js';
import type { RunningProcess } from '../../support/processes.js';

const all = await callees();

describe('calls through a hub', () => {
  let fleet: Fleet;
  let server: OddServer;
  let interop: RunningProcess & { address: string };
  const stops: (() => unknown)[] = [];

  before(async () => {
    fleet = await Fleet.make();
    server = await startOddServer();
    await fleet.up();
    interop = await fleet.interopServer();
  });
  after(async () => {
    for (const stop of stops) await stop();
    server.stop();
    await fleet.stop();
  });

  for (const callee of all) {
    describe(`to the ${callee.name}`, { skip: callee.missing }, () => {
      let setting: CallsSetting;
      let target: InteropTarget;

      before(async () => {
        const owner = { after: (stop: () => unknown) => void stops.push(stop) };
        const node = `odd-${callee.short}`;
        const second = `interop-${callee.short}`;
        await callee.start(owner, fleet, node, server.address);
        await callee.start(owner, fleet, second, interop.address);
        const authorization = `Bearer ${await fleet.callerToken(node)}`;
        const address = await fleet.hubAddress();
        const session = connect(`http://${address}`);
        stops.unshift(() => session.destroy());
        setting = { session, server, metadata: { 'x-postern-node': node, authorization } };
        target = { address, metadata: { 'x-postern-node': second, authorization } };
      });

      for (const [name, run] of Object.entries(callCases)) it(name, () => run(setting));
      for (const [name, run] of Object.entries(interopCases)) {
        it(`passes gRPC's case ${name}`, () => run(target));
      }
    });
  }
});
