import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawFlame } from '../../scripts/bench/flame.js';
import { type CpuProfile, fold } from '../../scripts/bench/folded.js';

const frame = (functionName: string, url = '') => ({ functionName, url, lineNumber: 1 });

/** `serve` calls `write` twice, in two places of the tree; the rest is no work. */
const profile: CpuProfile = {
  nodes: [
    { id: 1, callFrame: frame('(root)'), children: [2, 3, 6] },
    { id: 2, callFrame: frame('(idle)') },
    { id: 3, callFrame: frame('serve', 'file:///x/dist/src/rpc/peer.js'), children: [4, 5] },
    { id: 4, callFrame: frame('write', 'node:net') },
    { id: 5, callFrame: frame('write', 'node:net') },
    { id: 6, callFrame: frame('begin', 'file:///x/dist/scripts/bench/preload-profiler.js') },
  ],
  samples: [2, 3, 4, 5, 6],
  timeDeltas: [900, 100, 200, 100, 700],
};

test('samples of one stack are one frame, and idle time is left out', () => {
  const root = fold(profile);
  assert.equal(root.micros, 400);
  const [serve] = root.children.values();
  assert.deepEqual([serve?.name, serve?.where, serve?.micros], ['serve', 'src/rpc/peer', 400]);
  const callees = [...(serve?.children.values() ?? [])];
  assert.deepEqual(
    callees.map(({ name, where, micros }) => [name, where, micros]),
    [['write', 'node:net', 300]],
  );
});

test('a flame graph is one SVG with shares, and text that cannot break it', () => {
  const svg = drawFlame(fold(profile), 'a <b> & "c"');
  assert.match(svg, /^<svg [^>]*viewBox="0 0 1200 \d+"/);
  assert.match(svg, /<title>serve \(src\/rpc\/peer\) 100\.0 %<\/title>/);
  assert.match(svg, /<title>write \(node:net\) 75\.0 %<\/title><rect x="10" y="-51" width="885"/);
  assert.match(svg, />a &#60;b&#62; &#38; &#34;c&#34;</);
  assert.doesNotMatch(svg, /idle|begin/);
});
