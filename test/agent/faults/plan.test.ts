import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readAct, readFaultPlan } from '../../../src/agent/faults/plan.js';

const cutFrom = (node: string, address: string) =>
  readAct({ kind: 'partition', shape: { from: [{ node, addresses: [address] }] } });

test('a fault is aimed at addresses that a machine can have, and at names that can be shown', () => {
  for (const address of ['0.0.0.0', '::', '224.0.0.1', '255.255.255.255', 'ff02::1', '::ffff:7f00:1']) {
    assert.throws(() => cutFrom('south', address), { code: 'FAULT_INVALID', message: /no address at which/ });
  }
  for (const address of ['192.0.2.7', '2001:db8::1', '::ffff:192.0.2.7', '127.0.0.2']) {
    assert.equal(cutFrom('south', address).shape.from[0]?.addresses[0], address);
  }
  assert.throws(() => cutFrom('\u001b[2J', '192.0.2.7'), {
    code: 'FAULT_INVALID',
    message: /no name of a node/,
  });
});

test('nothing of a fault comes before it is sent', () => {
  const late = (jitterMs: number) => readAct({ kind: 'delay', shape: { delayMs: 10, jitterMs } });
  assert.throws(() => late(11), { code: 'FAULT_INVALID', message: /jitterMs: is more than the delay/ });
  assert.equal(late(10).shape.jitterMs, 10);
});

test('of the faults of others a node takes as many addresses as it can keep', () => {
  const asked = { run: 'r', fault: 'f', kind: 'link', atMs: 0, forMs: 1_000, offsetMs: 0, errorMs: 0 };
  const other = (amount: number) => ({
    ...{ node: 'south', fault: 'g', atMs: 0, forMs: 1_000 },
    addresses: Array.from({ length: amount }, (_, at) => `192.0.2.${at + 1}`),
  });
  const others = Array.from({ length: 25 }, () => other(16));
  assert.equal(readFaultPlan({ ...asked, others }, 0).others.length, 25);
  assert.throws(() => readFaultPlan({ ...asked, others: [...others, other(1)] }, 0), {
    code: 'FAULT_INVALID',
    message: /others: have 401 addresses in all, and at most 400 are taken/,
  });
});
