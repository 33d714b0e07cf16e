import { test } from 'node:test';
import { withoutGo } from '../../../scripts/go-toolchain.js';
import { cancelsBeside } from './cancels.js';
import { cancelStage } from './cancels-stage.js';

const missing = await withoutGo();

test('1,500 cancels at a node with a tunnel disturb no other call', async (t) => {
  t.diagnostic(await cancelsBeside(await cancelStage(t, 'tunnel'), 1_500));
});

test("1,500 cancels at a node with Go's yamux and gRPC disturb no other call", {
  skip: missing,
}, async (t) => {
  t.diagnostic(await cancelsBeside(await cancelStage(t, 'go'), 1_500));
});
