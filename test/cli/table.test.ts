import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { envNameOf } from '../../src/cli/command-spec.js';
import { commands, groups } from '../../src/cli/commands.js';
import { cliDocument } from '../../src/cli/docs.js';
import { examplesText } from '../../src/cli/help.js';
import { checkoutRoot } from '../support/processes.js';
import { postern } from './postern.js';

const shown = commands.filter((command) => command.hidden !== true);

test('docs/cli.md is what the command table says', async () => {
  const written = await readFile(path.join(checkoutRoot, 'docs/cli.md'), 'utf8');
  assert.equal(written, cliDocument(), 'make it anew: node dist/src/cli/print-docs.js > docs/cli.md');
});

test('every command has an example that calls it, and options that are told apart', () => {
  for (const { path: words, examples, options = [] } of shown) {
    const name = words.join(' ');
    assert.ok(examples.length > 0, name);
    for (const { line } of examples) assert.match(line, new RegExp(`\\bpostern ${name}\\b`));
    for (const forms of [
      options.map((one) => one.name),
      options.flatMap((one) => one.short ?? []),
      options.map(envNameOf),
    ]) {
      assert.equal(new Set(forms).size, forms.length, `${name}: ${forms.join(' ')}`);
    }
  }
  for (const { path: words } of shown) {
    assert.ok(words.length === 1 || groups.some((group) => group.path[0] === words[0]), words.join(' '));
  }
});

test('an option means the same in every command: kind and letter', () => {
  const seen = new Map<string, string>();
  for (const { options = [] } of commands) {
    for (const { name, kind, short } of options) {
      const form = `${kind} ${short}`;
      assert.equal(form, seen.get(name) ?? form, name);
      seen.set(name, form);
    }
  }
});

test('every command can be loaded', async () => {
  for (const command of commands)
    assert.equal(typeof (await command.load()).run, 'function', command.path.join(' '));
});

test('every help shows each option with its twin, and the examples', async () => {
  const helps = await Promise.all(
    shown.map(async (command) => ({ command, help: await postern([...command.path, '--help']) })),
  );
  for (const { command, help } of helps) {
    assert.equal(help.code, 0);
    assert.equal(help.stderr, '');
    const flat = help.stdout.replace(/\s+/g, ' ');
    for (const option of command.options ?? []) {
      assert.ok(help.stdout.includes(`--${option.name}`), option.name);
      assert.ok(flat.includes(`[${envNameOf(option)}]`), envNameOf(option));
    }
    assert.ok(help.stdout.includes(examplesText(command).trim()));
  }
});
