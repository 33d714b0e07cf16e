import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { z } from 'zod';
import { makePlan } from '../../src/controller/plan/make-plan.js';
import { namedNodes } from '../../src/controller/scenario/scenario.js';
import { exampleText, read } from '../controller/scenarios.js';
import { checkoutRoot } from '../support/processes.js';
import { postern } from './postern.js';

let scratch: string;
before(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), 'postern-scenario-'));
});
after(() => rm(scratch, { recursive: true, force: true }));

const example = (name: string): string => path.join(checkoutRoot, 'examples/scenarios', name);

test('scenario check shows the plan that a run of the seed has', async () => {
  const told = await postern(['scenario', 'check', '--seed', '7', example('partition.yaml')]);
  const scenario = read(await exampleText('partition.yaml'));
  const { hash } = makePlan({ ...scenario, name: 'partition' }, namedNodes(scenario), '7');
  assert.equal(told.stderr, '');
  assert.equal(
    told.stdout,
    `${example('partition.yaml')}: partition, 5 nodes (lab), 1 group, 4 faults, about 1m1s
seed 7; plan ${hash}
PHASE    AT  FOR       WHAT       NODES                      HOW
control  0s  800ms     chat.ping  north,south,peers-1,… (5)  5 text messages each, one every 200ms, 300 bytes
main     0s  19s500ms  chat.ping  north,south,peers-1,… (5)  40 text messages each, one every 500ms, 300 bytes
main     5s  10s       link       north,peers-1              -
main     5s  10s       peers      north,peers-1              -
`,
  );
  assert.equal(told.code, 0);
});

test('scenario check tells programs the same of several files, labels and warnings too', async () => {
  const told = await postern([
    'scenario',
    'check',
    example('fleet.yaml'),
    example('original/private.yaml'),
    '--output',
    'json',
  ]);
  assert.equal(told.code, 0, told.stderr);
  const shape = z.array(
    z.object({
      name: z.string(),
      form: z.string(),
      seed: z.string(),
      seedDrawn: z.boolean(),
      nodesByLabels: z.array(z.string()),
      warnings: z.array(z.object({ place: z.string(), path: z.string(), text: z.string() })),
      plan: z.object({ seed: z.string(), nodes: z.array(z.string()) }),
    }),
  );
  const [fleet, old] = shape.parse(JSON.parse(told.stdout));
  assert.deepEqual(fleet?.nodesByLabels, ['attic', 'edge']);
  assert.deepEqual(fleet?.plan.nodes, ['attic-1', 'attic-2', 'edge-1', 'edge-2']);
  assert.deepEqual([fleet?.seedDrawn, fleet?.seed === fleet?.plan.seed], [true, true]);
  assert.equal(old?.form, 'original');
  assert.ok((old?.warnings.length ?? 0) > 3);
  for (const { place, path: where, text } of old?.warnings ?? []) {
    assert.ok(told.stderr.includes(`${place}: warning: ${where}: ${text}\n`), place);
  }
});

test('scenario check tells all mistakes of all files, a line each, and ends with 2', async () => {
  const bad = path.join(scratch, 'bad.yaml');
  const binary = path.join(scratch, 'binary.yaml');
  await writeFile(bad, 'nodes: {a: }\ngroups: {}\nsede: 1\n');
  await writeFile(binary, Buffer.from([0xff, 0xfe, 0x00]));
  const missing = path.join(scratch, 'missing.yaml');
  const told = await postern([
    'scenario',
    'check',
    bad,
    example('hello.yaml'),
    missing,
    binary,
    '-o',
    'name',
  ]);
  assert.equal(told.code, 2);
  assert.equal(told.stdout, 'hello\n');
  assert.equal(
    told.stderr,
    `postern: this is wrong:
${bad}:3:1: sede: there is no such key here; did you mean 'seed'?
cannot read ${missing}: ENOENT: no such file or directory, open '${missing}'
cannot read ${binary}: it is not UTF-8
docs/scenarios.md tells what may be written
`,
  );
});

test('scenario schema prints the schema of the package', async () => {
  const told = await postern(['scenario', 'schema']);
  assert.equal(told.stdout, await readFile(path.join(checkoutRoot, 'schemas/scenario.schema.json'), 'utf8'));
});
