import assert from 'node:assert/strict';
import { test } from 'node:test';
import { killAt, stepsOfSender } from './kills.js';

const steps = await stepsOfSender();

test(`an agent killed at each of ${steps.length} steps of a test sends nothing twice and knows the truth`, async () => {
  assert.ok(steps.length > 80);
  const places = steps.map((_, index) => index + 1);
  const worker = async () => {
    for (let place = places.shift(); place !== undefined; place = places.shift()) {
      await killAt(place, `${place}: ${steps[place - 1]}`);
    }
  };
  await Promise.all([worker(), worker()]);
});
