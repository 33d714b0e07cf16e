import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { infraConfig } from '../../../src/agent/infra/config.js';
import { type InfraListener, listenInfra } from '../../../src/agent/infra/listener.js';
import { createLogger } from '../../../src/log.js';
import { inDirectory } from '../journal/stage.js';

const token = 'a-token-that-nobody-guesses';
const bearer = (text: string) => ({ authorization: `Bearer ${text}` });

/** An address of this machine that is not loopback: from there calls come as if from another one. */
const outside = Object.values(networkInterfaces())
  .flat()
  .find((one) => one?.internal === false && one.family === 'IPv4')?.address;
const noOutside = outside === undefined && 'this machine has no address but loopback';

/** A log, and what it says. */
function heard(): { log: ReturnType<typeof createLogger>; told: () => string } {
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line);
  return { log: createLogger('info', {}, { write }), told: () => lines.join('') };
}

describe('where an infra server listens', () => {
  const clients: Client[] = [];
  after(() => {
    for (const client of clients) client.close();
  });

  /** Asks for its health, as all calls have to pass the same gate; gives the status and what is told. */
  const call = (address: string, fields: Record<string, string> = {}) => {
    const client = new Client(address, credentials.createInsecure());
    clients.push(client);
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(fields)) metadata.set(name, value);
    return new Promise<{ code: status; details: string }>((resolve) => {
      const raw = (bytes: Buffer) => bytes;
      const done = (error: ServiceError | null) => resolve(error ?? { code: status.OK, details: '' });
      const options = { deadline: Date.now() + 20_000 };
      client.makeUnaryRequest(
        '/grpc.health.v1.Health/Check',
        raw,
        raw,
        Buffer.alloc(0),
        metadata,
        options,
        done,
      );
    });
  };
  const listening = async (
    asked: Parameters<typeof infraConfig.parse>[0],
    use: (port: string, listener: InfraListener, told: () => string) => Promise<void>,
  ) => {
    const { log, told } = heard();
    const listener = await listenInfra(infraConfig.parse(asked), [], log);
    assert.ok(listener !== undefined);
    try {
      await use(listener.address.split(':').at(-1) ?? '', listener, told);
    } finally {
      await listener.close();
    }
  };
  const withToken = (use: (file: string) => Promise<void>) =>
    inDirectory(async (directory) => {
      const file = join(directory, 'token');
      await writeFile(file, `${token}\n`);
      await use(file);
    });

  test('callers of the same machine need no token', () =>
    listening({ listen: '127.0.0.1:0' }, async (port) => {
      assert.equal((await call(`127.0.0.1:${port}`)).code, status.OK);
    }));

  test('others need the token, and nothing that is not exactly it will do', { skip: noOutside }, () =>
    withToken((tokenFile) =>
      listening({ listen: '0.0.0.0:0', tokenFile }, async (port) => {
        const place = `${outside}:${port}`;
        const none = await call(place);
        assert.equal(none.code, status.UNAUTHENTICATED);
        assert.match(none.details, /calls from [\d.]+ need metadata authorization: Bearer TOKEN/);
        for (const wrong of [`${token}x`, token.slice(1), token.toUpperCase(), 'x']) {
          const refused = await call(place, bearer(wrong));
          assert.equal(refused.code, status.UNAUTHENTICATED, wrong);
          assert.match(refused.details, /^the token is not the one/);
          assert.ok(!refused.details.includes(token));
        }
        assert.equal((await call(place, { authorization: token })).code, status.UNAUTHENTICATED);
        assert.equal((await call(place, bearer(token))).code, status.OK);
        assert.equal((await call(`127.0.0.1:${port}`)).code, status.OK, 'this machine is let in as ever');
      }),
    ),
  );

  test(
    'a token that is put in place of another one is good within a second, and the other no more',
    { skip: noOutside },
    () =>
      withToken((tokenFile) =>
        listening({ listen: '0.0.0.0:0', tokenFile }, async (port) => {
          const place = `${outside}:${port}`;
          await writeFile(tokenFile, 'another-token-of-many-signs');
          await new Promise((resolve) => setTimeout(resolve, 1_050));
          assert.equal((await call(place, bearer('another-token-of-many-signs'))).code, status.OK);
          assert.equal((await call(place, bearer(token))).code, status.UNAUTHENTICATED);
        }),
      ),
  );

  test(
    'a legacy grant lets its addresses in, and its name is in the log of each call',
    { skip: noOutside },
    () =>
      withToken(async (tokenFile) => {
        const [first = '', second = ''] = String(outside).split('.');
        const grants = [
          { name: 'elsewhere', from: '203.0.113.0/24' },
          { name: 'old-controller', from: `${first}.${second}.0.0/16` },
        ];
        await listening({ listen: '0.0.0.0:0', tokenFile, grants }, async (port, _, told) => {
          const place = `${outside}:${port}`;
          assert.equal((await call(place)).code, status.OK);
          const line =
            told()
              .split('\n')
              .find((one) => one.includes('legacy grant')) ?? '';
          assert.match(line, /"grant":"old-controller"/);
          assert.match(line, /"path":"\/grpc\.health\.v1\.Health\/Check"/);
          const wrong = await call(place, bearer('not-the-token-of-it'));
          assert.equal(wrong.code, status.UNAUTHENTICATED, 'a wrong token is not made good by an address');
        });
        await listening({ listen: '0.0.0.0:0', grants: grants.slice(0, 1) }, async (port) => {
          assert.equal((await call(`${outside}:${port}`)).code, status.UNAUTHENTICATED);
        });
      }),
  );

  test('is another one where the usual address is taken; one that was asked for is missed', async () => {
    await listening({ listen: '127.0.0.1:0' }, async (port) => {
      const listen = `127.0.0.1:${port}`;
      const { log, told } = heard();
      assert.equal(await listenInfra(infraConfig.parse({ listen, optional: true }), [], log), undefined);
      assert.match(told(), /cannot listen on 127\.0\.0\.1:\d+: .*EADDRINUSE/);
      await assert.rejects(listenInfra(infraConfig.parse({ listen }), [], log), {
        code: 'INFRA_NOT_LISTENING',
      });
    });
  });

  test('what cannot be meant is told before anything listens', () =>
    inDirectory(async (directory) => {
      const short = join(directory, 'short');
      await writeFile(short, 'abc');
      const log = createLogger('silent');
      for (const tokenFile of [short, join(directory, 'none')]) {
        const open = listenInfra(infraConfig.parse({ listen: '127.0.0.1:0', tokenFile }), [], log);
        await assert.rejects(open, { code: 'TOKEN_UNREADABLE', exitCode: 2 });
      }
      const mistakes = (asked: unknown) =>
        infraConfig
          .safeParse(asked)
          .error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
      assert.match(
        mistakes({ listen: '0.0.0.0:7091' })?.join() ?? '',
        /^listen: off loopback it has to know whom/,
      );
      assert.match(mistakes({ listen: ':7091' })?.join() ?? '', /^listen: off loopback/);
      assert.match(mistakes({ listen: 'unix:/x' })?.join() ?? '', /^listen: 'unix:\/x' is not HOST:PORT/);
      assert.match(mistakes({ listen: '7091' })?.join() ?? '', /^listen: '7091' is not an address/);
      assert.equal(mistakes({ listen: '[::1]:7091' }), undefined);
      assert.equal(mistakes({ listen: 'localhost:7091' }), undefined);
      assert.match(
        mistakes({ grants: [{ name: 'a b', from: '10.0.0.0/33' }] })?.join() ?? '',
        /grants\.0\.name.*grants\.0\.from/,
      );
    }));
});
