import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { runBlock } from '../../src/cli/runs/run-block.js';
import { BlockShow, LineShow } from '../../src/cli/runs/run-show.js';
import { RunStory } from '../../src/cli/runs/run-story.js';
import { styleFor } from '../../src/cli/style.js';
import { begun, told, toldFault, toldNode, toldRun } from './runs-told.js';

const plain = styleFor({}, {});
const colours = styleFor({ isTTY: true }, {});

/** Goes so many lines up and clears what is below. */
const upAndClear = new RegExp(`^${'\u001b'}\\[(\\d+)A\\r${'\u001b'}\\[0J`);

/** What a terminal shows of what is written to it, line by line; it knows what a block needs. */
class Terminal {
  columns: number;
  readonly rows = 24;
  #lines: string[] = [''];

  constructor(columns: number) {
    this.columns = columns;
  }

  get lines(): readonly string[] {
    return this.#lines.slice(0, -1);
  }

  /** Becomes narrower: lines that are too long take several rows. */
  narrow(columns: number): void {
    this.columns = columns;
    this.#lines = this.#lines.flatMap((line) => line.match(new RegExp(`.{1,${columns}}`, 'g')) ?? ['']);
  }

  write(text: string): boolean {
    const up = upAndClear.exec(text);
    if (up !== null) this.#lines = [...this.#lines.slice(0, -1 - Number(up[1])), ''];
    const parts = stripVTControlCharacters(text.slice(up?.[0].length ?? 0)).split('\n');
    assert.ok(
      parts.every((part) => [...part].length <= this.columns),
      'a line is too wide',
    );
    this.#lines = [...this.#lines.slice(0, -1), ...parts];
    return true;
  }
}

test('a block says how far each node is, what acts, and what is waited for', () => {
  const story = new RunStory(() => begun + 12_000);
  story.take(
    told({
      nodes: [toldNode('north'), toldNode('south', { sent: 0, received: 7, troubled: 2 }, false)],
      faults: [toldFault('south', 'injected')],
      waitsFor: 'somebody',
    }),
  );
  assert.deepEqual(runBlock(story, { columns: 100, rows: 24 }, plain), [
    'quick-1  main.running  0:12 of about 1:00',
    'north  [##########..........] 30/60 sent, 55 received',
    'south  [....................] not reached, 0/60 sent, 7 received, 2 troubled',
    'waits: somebody',
    'link on south, 0:08 to go',
  ]);
});

test('of many nodes those that are worth a look have a line, and the others one together', () => {
  const story = new RunStory(() => begun + 12_000);
  const names = Array.from({ length: 40 }, (_, i) => `node-${i}`);
  const nodes = names.map((name, i) =>
    toldNode(name, i === 30 ? { troubled: 1 } : i === 31 ? { state: 'failed' } : {}, i !== 32),
  );
  story.take(told({ nodes, faults: [toldFault('node-33', 'injected')] }));
  const block = runBlock(story, { columns: 100, rows: 10 }, plain);
  assert.deepEqual(
    block.map((line) => line.split(' ')[0]),
    ['quick-1', 'node-32', 'node-31', 'node-30', 'node-33', '36', 'link'],
  );
  assert.match(block[5] ?? '', /^36 more {2}\[#{10}\.{10}\] 1080\/2160 sent, 1980 received$/);
});

test('a block fits on any terminal, with colours or without', () => {
  const story = new RunStory(() => begun + 12_000);
  const names = Array.from({ length: 30 }, (_, i) => `a-node-with-quite-a-long-name-${i}`);
  story.take(
    told({
      nodes: names.map((name) => toldNode(name, { troubled: 3 }, false)),
      faults: names.map((name) => toldFault(name, 'injected')),
      waitsFor: 'x'.repeat(300),
    }),
  );
  for (const columns of [1, 10, 40, 80, 200]) {
    for (const rows of [6, 10, 24, 60]) {
      for (const style of [plain, colours]) {
        const block = runBlock(story, { columns, rows }, style);
        assert.ok(block.length < rows, `${block.length} lines in ${rows} rows`);
        for (const line of block) {
          const width = [...stripVTControlCharacters(line)].length;
          assert.ok(width < columns || columns === 1, `${width} of ${columns}: ${line}`);
        }
      }
    }
  }
});

test('what happens stays on the terminal, and the block below it is drawn anew, also where it has become narrower', () => {
  const terminal = new Terminal(80);
  const show = new BlockShow(terminal, colours);
  try {
    show.say('hello');
    show.take(told({ nodes: [toldNode('north', { sent: 0 })] }));
    show.take(told({ nodes: [toldNode('north')] }));
    const settled = ['postern: hello', ' 0:02  main.running'];
    assert.deepEqual(terminal.lines.slice(0, 2), settled);
    assert.equal(terminal.lines.length, 4);
    assert.match(terminal.lines[3] ?? '', /^north {2}\[#{10}\.{10}\] 30\/60 sent/);
    terminal.narrow(30);
    show.say('narrow');
    assert.deepEqual(terminal.lines.slice(0, 3), [...settled, 'postern: narrow']);
    assert.equal(terminal.lines.length, 5);
  } finally {
    show.end();
  }
  assert.equal(terminal.lines.length, 3, 'the block is gone');
  show.say('bye');
  assert.deepEqual(terminal.lines.slice(3), ['postern: bye']);
});

test('without a terminal there are lines, no escapes, and nothing twice', () => {
  const written: string[] = [];
  const show = new LineShow({ write: (text) => written.push(String(text)) > 0 }, plain);
  try {
    show.say('hello');
    const message = told({ run: toldRun({ warnings: ['odd'] }), nodes: [toldNode('north', {}, false)] });
    for (const one of [message, message]) show.take(one);
  } finally {
    show.end();
  }
  assert.match(
    written.join(''),
    /^postern: hello\n 0:02 {2}main\.running\n 0:00 {2}warning: odd\n +\S+ {2}not reached: north\n$/,
  );
});
