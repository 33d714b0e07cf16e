import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createUserKey } from '../../src/bus/nkeys.js';
import { inboxPrefixOf, permissionsOf, watchedSubjects } from '../../src/bus/permissions.js';

const { publicKey } = createUserKey();

describe('permissions', () => {
  it('of an agent name its own node and key, and nothing of the server', () => {
    assert.deepEqual(permissionsOf({ role: 'agent', node: 'n1', publicKey }), {
      publish: [
        'postern.call.hub.*.n1.*',
        `postern.hub.hello.n1.${publicKey}`,
        `postern.hub.bye.n1.${publicKey}`,
        `postern.hub.operated.n1.${publicKey}`,
        `postern.hub.described.n1.${publicKey}`,
        'postern.inspect.link.n1.*',
        'postern.inspect.daemon.n1.*',
        'postern.inspect.process.n1.*',
        'postern.inspect.reliability.n1.*',
        'postern.inspect.test.n1.*.*',
        'postern.inspect.fault.n1.*.*',
        `postern.hub.results.n1.${publicKey}`,
        `postern.logs.n1.${publicKey}`,
      ],
      subscribe: [
        `_INBOX.agent.n1.${publicKey}.>`,
        'postern.call.n1.*.*.*',
        'postern.node.notice.n1',
        'postern.node.operate.n1.*',
        'postern.node.describe.n1',
      ],
    });
  });

  it('of a watcher are areas without frames, and one question to hubs', () => {
    const { publish, subscribe } = permissionsOf({ role: 'watcher', publicKey });
    assert.deepEqual(subscribe, [
      `_INBOX.watcher.${publicKey}.>`,
      'postern.hub.>',
      'postern.node.>',
      'postern.inspect.>',
      'postern.run.>',
      'postern.activity.>',
      'postern.results.>',
    ]);
    assert.deepEqual(publish, [`postern.hub.kept.watcher.${publicKey}`]);
  });

  it('of a tracer are all subjects', () => {
    assert.deepEqual(watchedSubjects('tracer'), ['postern.>']);
  });

  it('of a hub let it hear whole areas that are open to it, of calls those to hubs, and no others', () => {
    assert.deepEqual(permissionsOf({ role: 'hub', publicKey }).subscribe, [
      `_INBOX.hub.${publicKey}.>`,
      'postern.hub.>',
      'postern.inspect.>',
      'postern.activity.>',
      'postern.logs.>',
      'postern.results.>',
      'postern.run.progress.*',
      'postern.run.operated.*',
      'postern.call.hub.*.*.*',
    ]);
  });

  it('of a hub do not destroy streams, and remove files of the shelf alone', () => {
    const { publish } = permissionsOf({ role: 'hub', publicKey });
    assert.ok(publish.includes('$JS.API.STREAM.CREATE.KV_postern_nodes'));
    assert.deepEqual(
      publish.filter((subject) => /PURGE|RESTORE|STREAM\.DELETE|^>|^\$JS\.>|^\$SYS/.test(subject)),
      ['$JS.API.STREAM.PURGE.OBJ_logs'],
    );
  });

  it('of a hub let it make and read what accounts tell of sessions, and write nothing of theirs', () => {
    const { publish } = permissionsOf({ role: 'hub', publicKey });
    assert.deepEqual(
      publish.filter((subject) => subject.includes('account')),
      ['$JS.API.STREAM.CREATE.KV_postern_account_ends'],
    );
    const accounts = permissionsOf({ role: 'accounts', publicKey }).publish;
    assert.ok(accounts.includes('$KV.postern_account_ends.>'));
    for (const role of ['watcher', 'tracer', 'tunnel', 'controller'] as const) {
      const others = permissionsOf({ role, publicKey }).publish;
      assert.ok(!others.some((subject) => subject.includes('account_ends')), role);
    }
  });

  it('of a controller are its own buckets, and no other storage', () => {
    const { publish, subscribe } = permissionsOf({ role: 'controller', publicKey });
    const storage = publish.filter((subject) => /^\$(?:JS|KV)/.test(subject));
    assert.deepEqual(
      storage.filter((subject) => !/postern_runs?\b|postern_run_parts\b/.test(subject)),
      ['$JS.API.INFO', '$JS.FC.>'],
    );
    assert.deepEqual(
      publish.filter((subject) => !storage.includes(subject)),
      [
        `postern.hub.kept.controller.${publicKey}`,
        'postern.inspect.run.*',
        'postern.run.progress.*',
        'postern.run.operated.*',
        'postern.results.*.closed',
      ],
    );
    assert.deepEqual(subscribe, [
      `_INBOX.controller.${publicKey}.>`,
      'postern.inspect.run.*',
      'postern.run.progress.*',
      'postern.run.operate.*',
      'postern.results.*.*.*',
    ]);
  });

  it('give everybody an inbox of its own', () => {
    const other = createUserKey().publicKey;
    const inboxes = [publicKey, other].flatMap((key) => [
      inboxPrefixOf({ role: 'agent', node: 'n1', publicKey: key }),
      inboxPrefixOf({ role: 'agent', node: 'n2', publicKey: key }),
      inboxPrefixOf({ role: 'hub', publicKey: key }),
      inboxPrefixOf({ role: 'watcher', publicKey: key }),
      inboxPrefixOf({ role: 'tracer', publicKey: key }),
    ]);
    assert.equal(new Set(inboxes).size, inboxes.length);
  });
});
