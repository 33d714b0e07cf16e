import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type ReadOptions, readScenario } from '../../src/controller/scenario/read-scenario.js';
import type { Scenario } from '../../src/controller/scenario/scenario.js';
import { PosternError } from '../../src/errors.js';
import { checkoutRoot } from '../support/processes.js';

/** The examples of the checkout: ours, and those in the original's form. */
export const ownExamples = ['hello', 'partition', 'parted', 'chaos', 'storm', 'fleet'].map(
  (name) => `${name}.yaml`,
);
export const originalExamples = ['original/public.yaml', 'original/private.yaml'];

/** The text of an example. */
export function exampleText(name: string): Promise<string> {
  return readFile(path.join(checkoutRoot, 'examples/scenarios', name), 'utf8');
}

/** Reads a scenario that is called `f.yaml`. */
export function read(text: string, options: ReadOptions = {}): Scenario {
  return readScenario(text, 'f.yaml', options);
}

/** The mistakes that are told of a scenario, without the name of the file; none where it can be read. */
export function mistakesOf(text: string, options: ReadOptions = {}): string[] {
  try {
    readScenario(text, 'f.yaml', options);
    return [];
  } catch (thrown) {
    if (!(thrown instanceof PosternError)) throw thrown;
    if (thrown.code !== 'SCENARIO_INVALID' || thrown.exitCode !== 2) throw thrown;
    return thrown.message.split('\n').map((line) => line.replace(/^f\.yaml:/, ''));
  }
}

/** The warnings of a scenario: `line:column: path: text`. */
export function warningsOf(text: string, options: ReadOptions = {}): string[] {
  return read(text, options).warnings.map(
    ({ place, path: where, text: what }) => `${place.replace(/^f\.yaml:/, '')}: ${where}: ${what}`,
  );
}

/** The same with the word that stands at the place instead of its line and column: who reads it sees what is meant. */
export function wordsOf(text: string, told: readonly string[]): string[] {
  const lines = text.split('\n');
  return told.map((one) => {
    const [, line, column, rest = ''] = /^(\d+):(\d+): (.*)$/.exec(one) ?? [];
    const [word] = /^(?:[\w-]+|.)/.exec((lines[Number(line) - 1] ?? '').slice(Number(column) - 1)) ?? [];
    return `at ${word}: ${rest}`;
  });
}
