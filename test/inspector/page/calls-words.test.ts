import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import fc from 'fast-check';
import {
  grpcurlCommand,
  posternCommand,
  shellWord,
} from '../../../src/inspector/page/views/calls/commands.js';
import { statusName } from '../../../src/inspector/page/views/calls/status-name.js';
import { wayOf } from '../../../src/inspector/page/views/calls/way.js';
import { statusNames } from '../../../src/rpc/status.js';

const run = promisify(execFile);
const call = { node: 'cellar', method: 'garden.Sensor/Read' };

/** The words that a shell makes of a text, with a token in its environment. */
async function wordsOf(text: string): Promise<string[]> {
  const env = { POSTERN_TOKEN: 'to"k e$n' };
  const { stdout } = await run('/bin/sh', ['-c', `printf '%s\\0' ${text}`], { env });
  return stdout.split('\0').slice(0, -1);
}

describe('commands that call again', () => {
  it('are one word of a shell for each text, whatever is in it', async () => {
    const texts = fc
      .sample(fc.string({ unit: 'grapheme', minLength: 1 }), 200)
      .map((text) => text.replaceAll('\0', ''));
    texts.push(
      `'`,
      `it's 'so'`,
      `$(touch /tmp/x)`,
      '`id`',
      'a b',
      '\\',
      '"$POSTERN_TOKEN"',
      '\n',
      '--x=~',
      '*',
      '!!',
    );
    assert.deepEqual(await wordsOf(texts.map(shellWord).join(' ')), texts);
  });

  it('are such as the tools take, and leave the token to the shell', async () => {
    const place = { protocol: 'http:', host: '127.0.0.1:9090' };
    assert.equal(
      posternCommand(call, place),
      "postern call cellar garden.Sensor/Read -d '{}' --hub http://127.0.0.1:9090",
    );
    assert.deepEqual(await wordsOf(grpcurlCommand(call, place)), [
      ...['grpcurl', '-plaintext', '-H', 'authorization: Bearer to"k e$n', '-H', 'name: cellar', '-d', '{}'],
      ...['127.0.0.1:9090', 'garden.Sensor/Read'],
    ]);
    const tls = grpcurlCommand(
      { ...call, method: "x.Y/Z'; rm -rf ~" },
      { protocol: 'https:', host: 'hub.example' },
    );
    const words = await wordsOf(tls);
    assert.ok(!words.includes('-plaintext'));
    assert.deepEqual(words.slice(-2), ['hub.example:443', "x.Y/Z'; rm -rf ~"]);
  });
});

describe('the way of a call', () => {
  const ms = fc.double({ min: 0, max: 1e7, noNaN: true });

  it('lies within the call, the agent within hub and bus, the server within the agent', () => {
    fc.assert(
      fc.property(
        ms,
        fc.option(ms, { nil: undefined }),
        fc.option(ms, { nil: undefined }),
        (total, agent, server) => {
          const parts = new Map(wayOf(total, agent, server).map((part) => [part.name, part]));
          for (const { from, to } of parts.values()) assert.ok(from >= 0 && from <= to && to <= 1 + 1e-9);
          const [whole, part] = [parts.get('agent'), parts.get('server')];
          if (whole === undefined || part === undefined) return;
          assert.ok(part.from >= whole.from && part.to <= whole.to + 1e-9);
        },
      ),
    );
  });

  it('is drawn to scale: 100 ms, 60 of them at the agent, 45 at its server', () => {
    const [all, rest, agent, server] = wayOf(100, 60, 45);
    assert.deepEqual([all?.ms, rest?.ms, agent?.ms, server?.ms], [100, 40, 60, 45]);
    assert.deepEqual([agent?.from, agent?.to], [0.2, 0.8]);
    assert.deepEqual([server?.from, server?.to], [0.2, 0.65]);
    assert.deepEqual(
      wayOf(5).map(({ name }) => name),
      ['in all'],
    );
  });
});

describe('names of statuses', () => {
  it("are gRPC's", () => {
    assert.deepEqual(
      statusNames.map((_, status) => statusName(status)),
      statusNames,
    );
  });
});
