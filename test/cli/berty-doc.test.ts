import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { dialects, messengerService } from '../../src/agent/adapters/berty/dialect.js';
import { commands } from '../../src/cli/commands.js';
import { only, readUnit } from '../deploy/units.js';
import { checkoutRoot } from '../support/processes.js';
import { postern } from './postern.js';

const text = await readFile(path.join(checkoutRoot, 'docs/berty.md'), 'utf8');
/** Lines of all blocks of one kind; those that end in a backslash are joined with the next. */
const blocks = (kind: string): string[] =>
  [...text.matchAll(new RegExp(`^\`\`\`${kind}\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(([, block = '']) =>
    block.replaceAll(/\\\n\s*/g, ''),
  );
const lines = blocks('sh').flatMap((block) => block.trim().split('\n'));

test("the start line of Berty's daemon is that of its unit", async () => {
  const flags = (line: string) =>
    line
      .split(' ')
      .filter((word) => word.startsWith('-'))
      // What is kept goes elsewhere in a service.
      .map((word) => (/^-(?:store\.dir|log\.file)=./.test(word) ? word.replace(/=.*/, '') : word));
  const documented = lines.filter((line) => line.startsWith('berty daemon '));
  assert.equal(documented.length, 1);
  const own = flags(only(await readUnit('berty-daemon.service'), 'ExecStart'));
  assert.deepEqual(flags(documented.join()), own);
  for (const flag of own) {
    const name = flag.replace(/=.*/, '');
    assert.ok(/^-(?:no-|p2p\.ipfs)/.test(name) || text.includes(`\`${name}\``), `${name} is not explained`);
  }
});

test('the lines of Postern have commands and options that there are', () => {
  const own = lines.filter((line) => line.startsWith('postern '));
  assert.ok(own.length > 4);
  for (const line of own) {
    const words = line.split(' ').slice(1);
    const command = commands
      .filter(({ path: wanted }) => wanted.every((word, i) => words[i] === word))
      .sort((a, b) => b.path.length - a.path.length)[0];
    assert.ok(command !== undefined, line);
    const known = (command.options ?? []).map(({ name }) => `--${name}`);
    for (const word of words.filter((one) => one.startsWith('--'))) {
      assert.ok(known.includes(word), `${line}: there is no ${word}`);
    }
  }
});

test('the scenario has no mistake', async () => {
  const [scenario, ...others] = blocks('yaml');
  assert.deepEqual(others, []);
  const dir = await mkdtemp(path.join(tmpdir(), 'postern-berty-'));
  try {
    const file = path.join(dir, 'berty.yaml');
    await writeFile(file, scenario ?? '');
    const checked = await postern(['scenario', 'check', file]);
    assert.equal(checked.code, 0, checked.stderr);
    assert.match(checked.stdout, /2 nodes \(connected\), 1 group/);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});

test('the table of versions has the forms that the agent knows, and no other', () => {
  const rows = text.split('\n').filter((line) => /^\| (?:up to )?v2\./.test(line));
  const cells = rows.map((row) => row.split('|').map((cell) => cell.trim()));
  const forms: [string, string][] = [];
  for (const [, , service = '', configuration = ''] of cells) {
    const before = forms.at(-1) ?? ['', ''];
    const said = (cell: string, same: string) => (cell === 'the same' ? same : cell.replaceAll('`', ''));
    forms.push([said(service, before[0]), said(configuration, before[1])]);
  }
  assert.deepEqual(
    [...new Set(forms.map((form) => form.join('/')))],
    dialects.map(({ service, configuration }) => `${service}/${configuration}`).reverse(),
  );
  // Images only where the form may know them.
  const [oldest] = cells;
  assert.match(oldest?.[4] ?? '', /^yes/);
  assert.deepEqual(
    cells.slice(1).map((row) => row[4]),
    Array(cells.length - 1).fill('no'),
  );
  assert.match(cells.at(-1)?.[5] ?? '', new RegExp(messengerService.replaceAll('.', '\\.')));
});
