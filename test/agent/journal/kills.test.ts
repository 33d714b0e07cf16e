import assert from 'node:assert/strict';
import { test } from 'node:test';
import { killAt, stepsOfSender } from './kills.js';

const steps = await stepsOfSender();

test('an agent killed before or after any kind of write, sync or send sends nothing twice and knows the truth', async () => {
  const kinds = [...new Set(steps)].sort();
  for (const operation of [
    'create',
    'datasync',
    'makeDirectory',
    'remove',
    'send',
    'syncDirectory',
    'write',
  ]) {
    for (const phase of ['before', 'after']) assert.ok(kinds.includes(`${phase} ${operation}`), operation);
  }
  // the last of each kind that comes while messages are sent, where it comes then
  const lastSend = steps.lastIndexOf('after send');
  const places = kinds.map((kind) => {
    const during = steps.lastIndexOf(kind, lastSend);
    return (during < 0 ? steps.lastIndexOf(kind) : during) + 1;
  });
  // and while the journal is being made
  places.push(steps.indexOf('after create') + 1, steps.indexOf('after write') + 1);
  const work = places.map((place) => () => killAt(place, `${place}: ${steps[place - 1]}`));
  const worker = async () => {
    for (let next = work.shift(); next !== undefined; next = work.shift()) await next();
  };
  await Promise.all([worker(), worker()]);
});
