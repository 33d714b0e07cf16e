import { spawn } from 'node:child_process';
import type { TestContext } from 'node:test';
import { goBuilt } from '../../../scripts/go-tool.js';
import { Fleet } from '../../support/fleet.js';
import { eventually } from '../../support/processes.js';
import type { CancelPlaces } from './cancels.js';
import { goEcho, interopEcho } from './grpc-echo.js';
import { serve } from './raw-stage.js';

/** What stands behind the node whose calls are cancelled. */
export type Behind = 'tunnel' | 'agent' | 'go';

/** A hub, a node of this kind before a server, and another node before a server of its own, each a process. */
export async function cancelStage(t: TestContext, behind: Behind): Promise<CancelPlaces> {
  const fleet = await Fleet.make();
  t.after(() => fleet.stop());
  await fleet.up();
  const address = await fleet.hubAddress();
  await serve(fleet, 'other', (await fleet.interopServer()).address);
  if (behind === 'go') await goNode(t, fleet);
  else {
    const server = await fleet.interopServer();
    if (behind === 'agent') await fleet.agent('node', [server.address]);
    else await serve(fleet, 'node', server.address);
  }
  for (const node of ['node', 'other']) {
    await eventually(`${node} is there`, async () => (await fleet.stateOf(node)) === 'connected.idle');
  }
  const authorization = `Bearer ${await fleet.callerToken('tester')}`;
  return {
    address,
    node: { name: 'node', authorization },
    other: { name: 'other', authorization },
    method: behind === 'go' ? goEcho : interopEcho,
    otherMethod: interopEcho,
  };
}

async function goNode(t: TestContext, fleet: Fleet): Promise<void> {
  const program = await goBuilt('examples/tunnel-go', 'tunnel-go');
  const child = spawn(program, [`ws://${await fleet.hubAddress()}/ws`, 'node'], {
    env: { ...process.env, TOKEN: await fleet.joinToken('node') },
    stdio: 'ignore',
  });
  const end = (): boolean => child.kill('SIGKILL');
  process.once('exit', end);
  t.after(() => {
    process.off('exit', end);
    end();
  });
}
