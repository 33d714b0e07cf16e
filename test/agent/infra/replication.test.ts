import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Server, ServerCredentials, type ServiceError } from '@grpc/grpc-js';
import { MessengerServiceService } from '../../../src/gen/berty/messenger/v1/messenger.js';
import { ProtocolServiceService } from '../../../src/gen/weshnet/protocol/v1/protocol.js';
import { all, unary } from '../../support/daemon.js';
import { eventually } from '../../support/processes.js';
import { HttpStage } from './http-stage.js';
import { ReplicationStage } from './replication-stage.js';

const soon = (): AbortSignal => AbortSignal.timeout(20_000);

describe('replication of a group by a token', () => {
  let stage: ReplicationStage;
  const pages = new HttpStage();
  before(async () => {
    stage = await ReplicationStage.open();
  });
  after(async () => {
    pages.close();
    await stage.close();
  });

  const newGroup = async (): Promise<string> => (await stage.member.createGroup()).toString('base64url');
  const tokensFrom = async (listen: string): Promise<number> => {
    const listed = await all(stage.member.messenger.servicesTokenList({}));
    return listed.filter(({ service }) => service?.authenticationUrl === `http://${listen}`).length;
  };

  test('the node holds the group then, and for a second group the token that the daemon has is enough', async () => {
    const server = await stage.serve();
    const { part } = stage.part();
    const group = await newGroup();
    const asked = { group, groupName: 'garden', tokenIp: server.listen };
    assert.equal(await stage.held(group), undefined);
    await part.add(asked, soon());
    await stage.member.say(Buffer.from(group, 'base64url'), 'kept');
    await eventually('its entries are there', async () => (await stage.held(group)) === 3);
    await server.stop();
    await part.add(asked, soon());
    await assert.rejects(part.add({ ...asked, group: await newGroup(), tokenIp: '127.0.0.1:1' }, soon()), {
      code: 'TOKEN_SERVER_UNREACHABLE',
    });
    const other = await newGroup();
    await part.add({ ...asked, group: other }, soon());
    assert.notEqual(await stage.held(other), undefined);
  });

  test('two groups at once take their turns, since a daemon knows one flow', async () => {
    const server = await stage.serve({ tokenMs: 30_000 });
    const { part } = stage.part();
    const groups = [await newGroup(), await newGroup(), await newGroup()];
    await Promise.all(
      groups.map((group) => part.add({ group, groupName: group, tokenIp: server.listen }, soon())),
    );
    for (const group of groups) assert.notEqual(await stage.held(group), undefined);
    assert.equal(await tokensFrom(server.listen), 3, 'a token that is about to end is used no more');
  });

  test('a token that the node refuses is replaced by a new one', async () => {
    const server = await stage.serve();
    const { part } = stage.part();
    const token = {
      accessToken: 'of yesterday',
      services: { rpl: stage.node.peerAddress },
      scope: '',
      error: '',
      errorDescription: '',
    };
    await unary(stage.member.messenger, stage.member.messenger.debugAuthServiceSetToken, {
      token,
      authenticationUrl: server.url,
    });
    const group = await newGroup();
    await part.add({ group, groupName: 'x', tokenIp: server.listen }, soon());
    assert.notEqual(await stage.held(group), undefined);
  });

  test('a server that wants a click gets one', async () => {
    const server = await stage.serve({ noClick: false });
    const group = await newGroup();
    await stage.part().part.add({ group, groupName: 'x', tokenIp: server.listen }, soon());
    assert.notEqual(await stage.held(group), undefined);
  });

  const olderPages: Readonly<Record<string, (url: string) => string>> = {
    'a text area': (url) => `<textarea style="width: 80vw">${url}</textarea><script>x</script>`,
    'the first link': (url) =>
      `<script>location.href = "x";</script><a style="x"\n href="${url}">REDIRECT</a>`,
  };
  for (const [form, pageOf] of Object.entries(olderPages)) {
    test(`a server that leads back by ${form} is understood`, async () => {
      const behind = await stage.serve();
      const tokenIp = await pages.http(async (request, response) => {
        const chunks: Buffer[] = [];
        for await (const chunk of request) chunks.push(chunk);
        const { method = 'GET', headers, url } = request;
        const form = { 'content-type': headers['content-type'] ?? '' };
        const sent = chunks.length === 0 ? {} : { headers: form, body: Buffer.concat(chunks) };
        const answer = await fetch(`${behind.url}${url}`, { method, ...sent });
        const callback = answer.headers.get('x-auth-redirect');
        const text = await answer.text();
        response.writeHead(answer.status);
        response.end(callback === null ? text : pageOf(callback.replaceAll('&', '&amp;')));
      });
      const group = await newGroup();
      await stage.part().part.add({ group, groupName: 'x', tokenIp }, soon());
      assert.notEqual(await stage.held(group), undefined);
    });
  }

  test('daemons that have the methods in the protocol service are asked there', async () => {
    const { protocol, messenger } = stage.member;
    const older = new Server();
    const relay =
      (client: object, method: string) =>
      (call: { request: unknown }, done: (error: ServiceError | null, answer: unknown) => void): void =>
        void Reflect.apply(Reflect.get(client, method), client, [call.request, done]);
    const unaries = ['serviceGetConfiguration', 'authServiceInitFlow', 'authServiceCompleteFlow'];
    older.addService(ProtocolServiceService, {
      ...Object.fromEntries(unaries.map((method) => [method, relay(protocol, method)])),
      servicesTokenList: (call: { request: object; write(item: unknown): void; end(): void }) =>
        void all(protocol.servicesTokenList({})).then((tokens) => {
          for (const token of tokens) call.write(token);
          call.end();
        }),
    });
    let registrations = 0;
    const register = relay(messenger, 'replicationServiceRegisterGroup');
    older.addService(MessengerServiceService, {
      replicationServiceRegisterGroup: (...call: Parameters<typeof register>) => {
        registrations += 1;
        register(...call);
      },
    });
    const port = await new Promise<number>((resolve) =>
      older.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (_, bound) => resolve(bound)),
    );
    try {
      const server = await stage.serve();
      const { part, adapter } = stage.part(`127.0.0.1:${port}`);
      await adapter.identify(soon());
      const group = await newGroup();
      await part.add({ group, groupName: 'x', tokenIp: server.listen }, soon());
      assert.notEqual(await stage.held(group), undefined);
      await part.add({ group, groupName: 'x', tokenIp: server.listen }, soon());
      assert.equal(registrations, 1, 'what is registered is not registered again');
      const other = await newGroup();
      await part.add({ group: other, groupName: 'y', tokenIp: server.listen }, soon());
      assert.equal(await tokensFrom(server.listen), 1, 'the list is understood');
    } finally {
      older.forceShutdown();
    }
  });

  test('a group that the daemon is not in, and a node that does not believe the server, are refusals', async () => {
    const { part } = stage.part();
    const asked = { groupName: 'x', tokenIp: stage.server.listen };
    const stranger = Buffer.alloc(32, 7).toString('base64url');
    await assert.rejects(part.add({ ...asked, group: stranger }, soon()), {
      code: 'DAEMON_REFUSED',
      message: /not in such a group/,
    });
    const foreign = await stage.serve({ keyFile: `${stage.tokens.directory}/foreign.jwk` });
    await assert.rejects(part.add({ ...asked, group: await newGroup(), tokenIp: foreign.listen }, soon()), {
      code: 'DAEMON_REFUSED',
      message: /token is refused/,
    });
    const pushOnly = await stage.serve({ services: new Map([['psh', 'push.example:1']]) });
    await assert.rejects(part.add({ ...asked, group: await newGroup(), tokenIp: pushOnly.listen }, soon()), {
      code: 'TOKEN_SERVER_REFUSED',
      message: /invalid_scope/,
    });
  });
});
