import { test } from 'node:test';
import { withoutGo } from '../../../scripts/go-toolchain.js';
import { cancelsBeside } from './cancels.js';
import { type Behind, cancelStage } from './cancels-stage.js';

const missing = await withoutGo();
const named: Record<Behind, string> = {
  tunnel: 'a tunnel',
  agent: 'an agent',
  go: "Go's yamux and gRPC",
};

for (const behind of ['tunnel', 'agent', 'go'] as const) {
  const options = { skip: behind === 'go' ? missing : false };
  test(`5,000 cancels at a node with ${named[behind]} disturb no other call`, options, async (t) => {
    t.diagnostic(await cancelsBeside(await cancelStage(t, behind), 5_000));
  });
}
