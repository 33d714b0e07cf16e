import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { ActorSchema, TransitionSchema } from '../../../src/gen/web/postern/v1/inspector_pb.js';
import { noStory, withActor, withTransition } from '../../../src/inspector/page/views/fleet/row.js';

const names = { machine: 'link', id: 'attic.zPq0', node: 'attic', bornMs: 1_000 };
const killed = create(ActorSchema, { ...names, state: 'online', sinceMs: 1_200, sequence: 3n, gone: true });
const last = create(TransitionSchema, {
  ...{ ...names, sequence: 3n, atMs: 1_200, event: 'HELLO_ACCEPTED' },
  ...{ from: 'authenticating', to: 'online' },
});

test('an actor whose process is gone stays so, whatever is told of its past', () => {
  const story = withTransition(withActor(noStory, killed), last);
  assert.equal(story.actors.get('link/attic.zPq0')?.gone, true);
  assert.equal(story.change?.event, 'HELLO_ACCEPTED');
});

test('an actor lives whose next transition is told, or one of its next life', () => {
  const story = withActor(noStory, killed);
  const next = create(TransitionSchema, { ...last, sequence: 4n, atMs: 1_300, to: 'partitioned' });
  const facts = withTransition(story, next).actors.get('link/attic.zPq0');
  assert.deepEqual([facts?.gone, facts?.state, facts?.sinceMs], [false, 'partitioned', 1_300]);
  const born = create(TransitionSchema, { ...last, bornMs: 2_000, sequence: 0n, atMs: 2_000, from: '' });
  const reborn = withTransition(story, born);
  assert.deepEqual([reborn.actors.get('link/attic.zPq0')?.gone, reborn.change?.event], [false, 'began']);
});
