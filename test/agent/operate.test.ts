import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Bus } from '../../src/bus/bus.js';
import type { Transition } from '../../src/bus/messages.js';
import { anyBoot, type OperateAnswer, type OperateOrder } from '../../src/bus/operate-messages.js';
import { subjects } from '../../src/bus/subjects.js';
import { until } from '../support/nats.js';
import { type Stage, setStage } from './stage.js';

/** The side of a hub that tells actors what operators want. */
function teller(t: TestContext, { hub: { bus } }: Pick<Stage, 'hub'>) {
  const answers: (OperateAnswer & { readonly node: string })[] = [];
  const links: Transition[] = [];
  const stops = [
    bus.subscribe(subjects.operated, {}, ({ params, body }) => answers.push({ ...body, node: params.node })),
    bus.subscribe(subjects.linkTransition, {}, ({ body }) => links.push(body)),
  ];
  t.after(() => {
    for (const stop of stops) stop();
  });
  let orders = 0;
  return {
    answers,
    links,
    /** Sends an order to a process, and waits for the answer. */
    async tell(boot: string, over: Partial<OperateOrder>): Promise<OperateAnswer> {
      const order = `o${orders++}`;
      publish(bus, boot, { order, ...over });
      await until('it answers', () => answers.some((answer) => answer.order === order));
      return answers.find((answer) => answer.order === order) ?? assert.fail();
    },
  };
}

function publish(bus: Bus, boot: string, over: Partial<OperateOrder>): void {
  const id = `attic.${boot}`;
  bus.publish(
    subjects.operate,
    { node: 'attic', boot },
    { v: 1, order: 'o', machine: 'link', id, event: 'DRAIN', by: 'alice', reason: '', ...over },
  );
}

test('an agent that is drained finishes and ends, and its link says whose doing it was', async (t) => {
  const stage = await setStage(t);
  const { tell, links } = teller(t, stage);
  const agent = stage.agent();
  await agent.ready;
  const { boot } = stage.hub.heard[0]?.hello ?? assert.fail();
  await until('the link has told', () => links.some(({ to }) => to === 'online'));
  const bornMs = links[0]?.bornMs ?? assert.fail();
  const answer = await tell(boot, { bornMs });
  assert.deepEqual(answer, {
    ...answer,
    result: 'done',
    outcome: 'it finishes its calls, takes no new ones and ends',
  });
  assert.deepEqual(await agent.done, { reason: 'stopped', error: undefined });
  await until('the end was told', () => links.some(({ to }) => to === 'closed'));
  const drained = links.find(({ to }) => to === 'draining');
  assert.deepEqual([drained?.event, drained?.by], ['DRAIN', 'operator/alice']);
});

test('an agent does nothing that its present state does not take, to another life, or to an actor it does not have', async (t) => {
  const stage = await setStage(t);
  const { tell, answers } = teller(t, stage);
  await stage.agent().ready;
  const { boot } = stage.hub.heard[0]?.hello ?? assert.fail();
  const refused: [Partial<OperateOrder>, RegExp][] = [
    [{ event: 'RETRY_ASKED' }, /^it is online now, which takes DRAIN$/],
    [{ event: 'STOP' }, /^it is online now, which takes DRAIN$/],
    [{ bornMs: 4_711 }, /^another one is meant: this one began at 20/],
    [{ id: 'attic.other' }, /^it is not there any more$/],
    [{ machine: 'node', id: 'attic' }, /^it is not there any more$/],
  ];
  for (const [over, why] of refused) {
    const { result, outcome } = await tell(boot, over);
    assert.equal(result, 'refused');
    assert.match(outcome, why);
  }
  // of orders to whoever has the actor, those of others are not answered
  publish(stage.hub.bus, anyBoot, { order: 'not-mine', id: 'attic.other' });
  const { result } = await tell(anyBoot, { id: `attic.${boot}`, event: 'RETRY_ASKED' });
  assert.equal(result, 'refused');
  assert.ok(answers.every(({ order }) => order !== 'not-mine'));
});

test('an agent that waits long before its next attempt makes it at once when it is told to', async (t) => {
  const stage = await setStage(t);
  const { tell, links } = teller(t, stage);
  stage.hub.answer = () => ({ ok: false, code: 'occupied', message: 'another key serves this node' });
  const agent = stage.agent();
  await until('it pauses for seconds', () => links.filter(({ to }) => to === 'waiting').length >= 5);
  const { boot } = stage.hub.heard[0]?.hello ?? assert.fail();
  stage.hub.answer = undefined;
  assert.equal((await tell(boot, { event: 'RETRY_ASKED' })).result, 'done');
  await agent.ready;
  await until('the link has told', () => links.at(-1)?.to === 'online');
  const at = links.findIndex(({ event }) => event === 'RETRY_ASKED');
  const retried = links[at];
  assert.ok(
    links.slice(at).every(({ to }) => to !== 'waiting'),
    'it waited on',
  );
  assert.deepEqual([retried?.from, retried?.to, retried?.by], ['waiting', 'dialing', 'operator/alice']);
});
