import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { status } from '@grpc/grpc-js';
import { BertyAdapter } from '../../../src/agent/adapters/berty/berty-adapter.js';
import { messageIdOf, payloadHash } from '../../../src/agent/tests/payload.js';
import { decodePng } from '../../agent/tests/png-decoder.js';
import { eventually } from '../../support/processes.js';
import { resultsIn } from './account.js';
import { Stage } from './stage.js';

const [amount, size] = [12, 30_000];

describe('tests of images', () => {
  let stage: Stage;
  let group: string;
  before(async () => {
    stage = await Stage.open(['north', 'south'], ['--dialect', 'berty.protocol.v1']);
    group = await stage.group();
  });
  after(() => stage?.close());

  /** The images that a daemon has in the group, by their hashes, and whose they are. */
  const imagesAt = async (node: string): Promise<{ hash: string; line: string }[]> => {
    const adapter = new BertyAdapter(String(stage.daemons.get(node)?.process.ready.listen));
    try {
      const signal = AbortSignal.timeout(15_000);
      await adapter.identify(signal);
      const images: { hash: string; line: string }[] = [];
      for await (const { body } of adapter.read({ id: group }, signal)) {
        assert.equal(body.length, size);
        assert.ok(decodePng(body).pixels.length > size * 0.9);
        const { from, seq } = messageIdOf(body) ?? assert.fail('it names no message');
        images.push({ hash: payloadHash(body), line: `${from} ${seq}` });
      }
      return images;
    } finally {
      adapter.close();
    }
  };

  test('send real ones, also after kill -9 of the agent; each that came is the one that was meant', async () => {
    await stage.create('images', { type: 'media', group, size, amount, intervalMs: 100 }, 4_000);
    await stage.arm('images', Date.now() + 1_500);
    await eventually('some are sent', async () => (await stage.show('north', 'images')).ok >= 1);
    await stage.agents.get('north')?.stop('SIGKILL');
    await stage.startAgent('north');
    const [north, south] = [await stage.ended('north', 'images'), await stage.ended('south', 'images')];
    // how many are too late to be sent on a busy machine, nobody knows
    assert.deepEqual([south.fail, south.info, south.unknown], [0, 0, 0]);
    assert.ok(south.ok >= 1, JSON.stringify(south));
    assert.equal(north.boots, 2);
    assert.ok(north.ok >= 1 && north.fail === 0, JSON.stringify(north));

    const images = await imagesAt('south');
    const lines = images.map(({ line }) => line);
    assert.equal(new Set(lines).size, lines.length, 'none was sent twice');
    const fromNorth = lines.filter((line) => line.startsWith('north')).length;
    assert.ok(fromNorth >= north.ok && fromNorth <= north.ok + north.unknown, `${fromNorth} of north`);

    const meant = new Map<string, string>();
    const came = new Map<string, Set<string>>();
    /** Nodes that have read all once more before the test was over. */
    const sure = new Set<string>();
    const results = await resultsIn(path.join(stage.fleet.dir, 'hub'), true);
    for (const { node, record } of results) {
      if (record.k === 'intent') meant.set(`${node} ${record.seq}`, record.hash);
      if (record.k === 'final' && record.complete) sure.add(node);
      if (record.k !== 'receipt') continue;
      const line = `${record.from} ${record.seq}`;
      assert.equal(record.hash, meant.get(line) ?? record.hash, `${line} at ${node}`);
      assert.equal(record.size, size);
      came.set(node, (came.get(node) ?? new Set()).add(line));
    }
    for (const { hash, line } of images) assert.equal(hash, meant.get(line), line);
    assert.ok(sure.has('south'), 'south has read all');
    for (const node of sure) assert.deepEqual([...(came.get(node) ?? [])].sort(), lines.sort(), node);
  });

  test('are refused when there are none so small, and when the daemon has become one that takes none', async () => {
    const small = stage.create('small', { type: 'media', group, size: 511 }, 100);
    await assert.rejects(small, {
      code: status.INVALID_ARGUMENT,
      details: /an image has at least 512 bytes/,
    });
    await stage.create('later', { type: 'media', group, size }, 100);
    stage.daemonOptions = [];
    await stage.startDaemon('north');
    await eventually('the agent has seen it', async () => {
      const { dialect } = await stage.ask('north', stage.client.getDaemon, {});
      return dialect === 'weshnet';
    });
    await assert.rejects(stage.arm('later', Date.now() + 60_000), {
      code: status.UNIMPLEMENTED,
      details: 'the daemon here sends no images, as no Berty daemon since v2.434.8: use a test of type text',
    });
    await stage.create('later', { type: 'media', group, size }, 100);
    await assert.rejects(stage.create('new', { type: 'media', group, size }, 100), {
      code: status.UNIMPLEMENTED,
    });
  });
});
