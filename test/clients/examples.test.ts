import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Language, languages, needToolchain } from '../../scripts/clients/stubs.js';
import { without } from '../../scripts/toolchain.js';
import { eventually } from '../support/processes.js';
import { ClientsStage } from './stage.js';

/** Names of statuses without what languages write differently: `DEADLINE_EXCEEDED`, `DeadlineExceeded`. */
function failure(stderr: string): { status: string; code: string; message: string } {
  const [, status = '', code = '', message = ''] = /^(\w+) (\S+): (.*)/.exec(stderr) ?? [];
  return { status: status.replaceAll('_', '').toLowerCase(), code, message };
}

const missing = new Map<Language, string | false>();
for (const language of languages) missing.set(language, await without(() => needToolchain(language)));

describe('programs in other languages, of stubs made of the protos', { timeout: 240_000 }, () => {
  let stage: ClientsStage;
  before(async () => {
    stage = await ClientsStage.make();
  });
  after(() => stage.stop());

  for (const language of languages) {
    const skip = missing.get(language) ?? false;

    test(`${language} calls a node through the hub, over TLS`, { skip }, async () => {
      stage.seen.length = 0;
      const { code, stdout, stderr } = await stage.run(language, ['start', 'cellar']);
      assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: 'START_SUCCESS\n', stderr: '' });
      const [seen] = stage.seen;
      assert.equal(seen?.metadata.name, undefined, "the node's name is the hub's");
      assert.equal(seen?.metadata.authorization, undefined, 'and so is the token');
      assert.ok(
        seen !== undefined && seen.leftMs > 5_000 && seen.leftMs <= 10_000,
        `${seen?.leftMs} ms left`,
      );
    });

    test(`${language} asks the hub itself, without TLS on the same machine`, { skip }, async () => {
      const { code, stdout } = await stage.run(language, ['nodes'], { POSTERN_HUB_CA: undefined });
      assert.deepEqual({ code, stdout }, { code: 0, stdout: 'cellar\n' });
    });

    test(`${language} follows a stream of events, and leaves it`, { skip }, async () => {
      const watching = await stage.start(language, ['watch', '1']);
      await eventually('it follows', () => /^from \S+$/.test(watching.lines()[0] ?? ''));
      await stage.run(language, ['start', 'cellar']);
      assert.equal(await watching.ended, 0);
      assert.deepEqual(watching.lines().slice(1), [
        'proxying gRPC request (/external.Fluentd/Start) to: cellar',
      ]);
    });

    test(`${language} calls an account service by its host name, and gets a token`, { skip }, async () => {
      const email = `${language}@example.org`;
      const register = await stage.run(language, ['register', email], { POSTERN_TOKEN: undefined });
      assert.equal(register.code, 0, register.stderr);
      const asked = await stage.run(language, ['confirm', email, register.stdout.trim()], {
        POSTERN_TOKEN: undefined,
      });
      assert.equal(asked.code, 0, asked.stderr);
      assert.equal((await stage.whose(asked.stdout.trim())).email, email, asked.stdout);
    });

    test(`${language} is told that its token is not good`, { skip }, async () => {
      stage.seen.length = 0;
      const { code, stdout, stderr } = await stage.run(language, ['start', 'cellar'], {
        POSTERN_TOKEN: stage.tokens.bad,
      });
      assert.deepEqual({ code, stdout: stdout.trim() }, { code: 1, stdout: '' });
      assert.equal(failure(stderr).status, 'unauthenticated', stderr);
      assert.deepEqual(stage.seen, []);
    });

    test(`${language} is told that a node is not known`, { skip }, async () => {
      const { code, stderr } = await stage.run(language, ['start', 'nowhere']);
      assert.equal(code, 1);
      const told = {
        status: 'unavailable',
        code: 'NODE_UNKNOWN',
        message: "node 'nowhere' is not known here",
      };
      assert.deepEqual(failure(stderr), told, stderr);
    });

    test(`${language} trusts no authority that it was not told of`, { skip }, async () => {
      stage.seen.length = 0;
      const { code, stderr } = await stage.run(language, ['start', 'cellar'], {
        POSTERN_HUB_CA: stage.otherCa,
      });
      assert.equal(code, 1);
      assert.match(stderr, /certificate/i);
      assert.deepEqual(stage.seen, []);
    });
  }

  // All at once, since it is a matter of waiting.
  const here = languages.filter((language) => missing.get(language) === false);
  test('none waits longer than its deadline, and neither does the server', {
    skip: here.length === 0,
  }, async () => {
    stage.seen.length = 0;
    stage.answers = false;
    const ended = await Promise.all(
      here.map((language) => stage.run(language, ['start', 'cellar'], { DEADLINE_SECONDS: '5' })),
    );
    stage.answers = true;
    for (const [index, { code, stderr }] of ended.entries()) {
      assert.equal(code, 1);
      // tonic has no word of its own for a deadline that it notices itself.
      const statuses = here[index] === 'rust' ? ['deadlineexceeded', 'cancelled'] : ['deadlineexceeded'];
      assert.ok(statuses.includes(failure(stderr).status), stderr);
    }
    assert.equal(stage.seen.length, here.length);
    for (const { leftMs } of stage.seen) assert.ok(leftMs > 0 && leftMs <= 5_000, `${leftMs} ms left`);
    await eventually('the calls have ended at the server', () =>
      stage.seen.every(({ cancelled }) => cancelled),
    );
  });
});
