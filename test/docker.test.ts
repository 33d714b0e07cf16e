import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { z } from 'zod';
import { commands } from '../src/cli/commands.js';
import { checkoutRoot } from './support/processes.js';

const named = z.record(z.string(), z.unknown());
const service = z.object({
  image: z.string(),
  build: z.object({ context: z.literal('.'), target: z.string() }).optional(),
  user: z.string().optional(),
  entrypoint: z.array(z.string()).optional(),
  command: z.array(z.string()).optional(),
  depends_on: named.optional(),
  volumes: z.array(z.string()).optional(),
  networks: z.array(z.string()).optional(),
  ports: z.array(z.string()).optional(),
});
const composeFile = z.object({
  services: z.record(z.string(), service),
  volumes: named,
  networks: z.record(z.string(), z.object({ internal: z.boolean().optional() }).nullable()),
});

async function compose(): Promise<z.infer<typeof composeFile>> {
  const text = await readFile(path.join(checkoutRoot, 'docker-compose.yml'), 'utf8');
  return composeFile.parse(parse(text, { merge: true }));
}

const dockerfile = (): Promise<string> => readFile(path.join(checkoutRoot, 'Dockerfile'), 'utf8');

/** Words of `postern …` command lines that the compose file runs, directly or in a shell. */
function commandLines({ services }: z.infer<typeof composeFile>): string[][] {
  return Object.values(services)
    .filter(({ image }) => image === 'postern')
    .flatMap(({ entrypoint, command = [] }) =>
      entrypoint === undefined
        ? [command]
        : [...command.join('\n').matchAll(/postern ([^)>\n]*)/g)].map((match) =>
            (match[1] ?? '').trim().split(/\s+/),
          ),
    );
}

test('the compose file refers only to what it declares', async () => {
  const { services, volumes, networks } = await compose();
  const stages = [...(await dockerfile()).matchAll(/^FROM \S+ AS (\S+)$/gm)].map((match) => match[1] ?? '');
  for (const [name, { build, depends_on, volumes: mounted = [], networks: joined = [] }] of Object.entries(
    services,
  )) {
    if (build !== undefined) assert.ok(stages.includes(build.target), `${name}: ${build.target}`);
    for (const other of Object.keys(depends_on ?? {})) assert.ok(other in services, `${name}: ${other}`);
    for (const mount of mounted) assert.ok((mount.split(':')[0] ?? '') in volumes, `${name}: ${mount}`);
    for (const network of joined) assert.ok(network in networks, `${name}: ${network}`);
  }
});

test('the compose file gives postern commands and options that it has', async () => {
  const lines = commandLines(await compose());
  assert.equal(lines.length, 5, JSON.stringify(lines));
  for (const words of lines) {
    const spec = commands.find(({ path: names }) => names.every((name, index) => words[index] === name));
    assert.ok(spec !== undefined, words.join(' '));
    const options = (spec.options ?? []).map(({ name }) => `--${name}`);
    for (const word of words.filter((each) => each.startsWith('--'))) {
      assert.ok(options.includes(word.split('=')[0] ?? ''), `${words.join(' ')}: ${word}`);
    }
  }
});

test('the servers behind the agents share no network with the hub, and publish no port', async () => {
  const { services, networks } = await compose();
  const front = services.hub?.networks ?? [];
  assert.ok(front.length > 0);
  for (const server of ['etcd', 'demo']) {
    const joined = services[server]?.networks ?? [];
    assert.equal(joined.length, 1);
    for (const network of joined) {
      assert.ok(!front.includes(network));
      assert.equal(networks[network]?.internal, true);
    }
    assert.equal(services[server]?.ports, undefined);
    assert.ok(services[`agent-${server}`]?.networks?.includes(joined[0] ?? ''));
  }
});

test('the image runs as an ordinary user, and copies what exists', async () => {
  const text = await dockerfile();
  const last = text.slice(text.lastIndexOf('\nFROM '));
  assert.match(last, /^USER node$/m);
  assert.ok(last.indexOf('USER node') < last.indexOf('ENTRYPOINT'));
  const copied = [...text.matchAll(/^COPY (?:--from=\S+ )?(.+) \S+$/gm)].flatMap((match) =>
    (match[1] ?? '').split(' ').map((source) => source.replace(/^\/src\//, '')),
  );
  assert.ok(copied.length >= 8);
  for (const source of copied.filter((each) => !each.startsWith('dist/'))) {
    assert.ok(existsSync(path.join(checkoutRoot, source)), source);
  }
});
