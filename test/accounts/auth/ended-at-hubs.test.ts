import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { EndEntry } from '../../../src/bus/account-messages.js';
import type { Entry } from '../../../src/bus/bus.js';
import { stores } from '../../../src/bus/subjects.js';
import { EndedSessions } from '../../../src/hub/ended-sessions.js';
import { ownClients, startTestHub, type TestHub } from '../../hub/test-hub.js';
import { until } from '../../support/nats.js';
import { facesOf } from '../storage/stage.js';
import { type Accounts, bearer, call, register, type Stage, setStage } from './stage.js';

let stage: Stage;
let one: Accounts;
let hub: TestHub;

const startHub = () =>
  startTestHub(stage.nats, {
    issuers: [
      {
        ...{ issuer: 'postern-accounts', audience: 'postern', nodes: [] },
        jwks: `${one.rest}/.well-known/jwks.json`,
      },
    ],
  });

before(async () => {
  stage = await setStage();
  one = await stage.start();
  hub = await startHub();
});
after(async () => {
  await hub.stop();
  await stage.stop();
});

/** Why a hub takes no token; '' where it takes it. */
async function refusal(jwt: string, at = hub): Promise<string> {
  const clients = ownClients(at.address);
  try {
    await call(clients.nodes, clients.nodes.listNodes, { name: '' }, bearer(jwt));
    return '';
  } catch (thrown) {
    assert.ok(thrown instanceof Error && 'code' in thrown && thrown.code === 16, String(thrown));
    return thrown.message;
  } finally {
    clients.close();
  }
}
const over = /session of the token is over/;
const refused = (jwt: string, at = hub) =>
  until('the hub refuses it', async () => over.test(await refusal(jwt, at)), 5_000);
const logOut = (jwt: string, everywhere = false) =>
  call(one.own, one.own.logOut, { everywhere, refreshToken: '' }, bearer(jwt));

test('a hub refuses the token of who has logged out, and of nobody else', async () => {
  const [a, b] = [await register(one, 'ada@example.org'), await register(one, 'ada@example.org')];
  assert.deepEqual([await refusal(a.jwt), await refusal(b.jwt)], ['', '']);
  await logOut(a.jwt);
  await refused(a.jwt);
  assert.equal(await refusal(b.jwt), '');
});

test('whoever logs out everywhere is let in nowhere, until they log in anew', async () => {
  const email = 'everywhere@example.org';
  const [a, b] = [await register(one, email), await register(one, email)];
  const other = await register(one, 'not-everywhere@example.org');
  const { session } = await call(one.own, one.own.refresh, { refreshToken: b.refreshToken });
  await logOut(a.jwt, true);
  for (const jwt of [a.jwt, b.jwt, session?.jwt ?? '']) await refused(jwt);
  stage.clock.nowMs += 2;
  assert.equal(await refusal((await register(one, email)).jwt), '', 'a later session is none of them');
  assert.equal(await refusal(other.jwt), '');
});

test('a hub refuses the token of an account that was erased, and takes that of the one who comes again', async () => {
  const email = 'erased@example.org';
  const { jwt } = await register(one, email);
  assert.equal(await refusal(jwt), '');
  const faces = facesOf(one, bearer(jwt));
  await faces.erase({ email });
  faces.close();
  await refused(jwt);
  stage.clock.nowMs += 2;
  assert.equal(await refusal((await register(one, email)).jwt), '');
});

test('a session that ends since its refresh token was stolen ends at hubs too', async () => {
  const first = await register(one, 'stolen@example.org');
  const refresh = (refreshToken: string) => call(one.own, one.own.refresh, { refreshToken });
  const { session: second } = await refresh(first.refreshToken);
  await refresh(second?.refreshToken ?? '');
  await assert.rejects(refresh(first.refreshToken), { code: 16, details: /used before/ });
  for (const { jwt } of [first, second ?? first]) await refused(jwt);
});

test('what a caller has open ends when they log out', async () => {
  const { jwt } = await register(one, 'watching@example.org');
  const { nodes, close } = ownClients(hub.address);
  try {
    const stream = nodes.watchNodes({ name: '' }, bearer(jwt)).resume();
    const seen = { begun: false, ended: '' };
    stream.on('metadata', () => {
      seen.begun = true;
    });
    stream.on('error', ({ message }) => {
      seen.ended = message;
    });
    await until('it is open', () => seen.begun);
    await logOut(jwt);
    await until('it has ended', () => over.test(seen.ended), 5_000);
  } finally {
    close();
  }
});

test('hubs that are started later, and after a kill of NATS, know of it too', async () => {
  const { jwt } = await register(one, 'later@example.org');
  const { jwt: good } = await register(one, 'good@example.org');
  await logOut(jwt);
  await refused(jwt);
  const { pid } = stage.nats.server;
  process.kill(pid, 'SIGKILL');
  await until('another nats-server runs', () => stage.nats.server.pid !== pid);
  const next = await startHub();
  try {
    assert.match(await refusal(jwt, next), over);
    await until('the others are taken', async () => (await refusal(good, next)) === '');
    assert.match(await refusal(jwt), over);
  } finally {
    await next.stop();
  }
});

test('what nobody has told hubs, since the process is gone or the bucket is lost, is told by another one', async () => {
  const { jwt, refreshToken } = await register(one, 'untold@example.org');
  const all = await register(one, 'all-untold@example.org');
  const bus = await stage.nats.accounts();
  const sessions = await bus.store(stores.accountSessions);
  const id = /^prt_([^.]+)/.exec(refreshToken)?.[1] ?? '';
  const entry = await sessions.get(id);
  assert.ok(entry !== undefined);
  // As far as a process comes that is killed before it tells.
  const ended = { ...entry.value, ended: 'logout' as const, endedAtMs: stage.clock.nowMs };
  await sessions.update(id, ended, entry.revision);
  await refused(jwt);

  const marks = new Map<string, Entry<EndEntry>>();
  const ends = await bus.store(stores.accountEnds);
  const watch = ends.watch((mark, told) => {
    if (told === undefined) marks.delete(mark);
    else marks.set(mark, told);
  });
  await logOut(all.jwt, true);
  await refused(all.jwt);
  await until('all is heard', () => marks.size > 1);
  const before = [...marks.keys()];
  for (const mark of before) await ends.delete(mark);
  // Nobody knows any more of accounts that were erased, or of what no process has noted.
  const known = () => [...marks.keys()].filter((mark) => before.includes(mark)).length;
  await until('it is told again', () => known() >= 2);
  watch.stop();
  await refused(jwt);
  await refused(all.jwt);
});

test('hubs read it and write nothing of it', async () => {
  const ends = await hub.bus.store(stores.accountEnds);
  const entry: EndEntry = { v: 1, atMs: 1 };
  const writes = [
    ends.create('x', entry),
    ends.update('x', entry, 1),
    ends.delete('x'),
    ends.erase('x'),
    ends.drop('x'),
  ];
  for (const write of writes) await assert.rejects(write, { code: 'BUS_FORBIDDEN' });
  await assert.rejects(
    stage.nats.watcher().then((bus) => bus.store(stores.accountEnds)),
    {
      code: 'BUS_FORBIDDEN',
    },
  );
});

test('a hub forgets it when no token can be good any more', async () => {
  const bus = await stage.nats.accounts();
  const ends = await bus.store(stores.accountEnds);
  let nowMs = Date.now();
  const known = new EndedSessions(ends, { now: () => nowMs, forgetEveryMs: 5 });
  await known.ready;
  const session = { session: 'mark', account: 'none', beganMs: 1 };
  await ends.create('mark', { v: 1, atMs: nowMs });
  await until('it is known', () => known.isOver(session));
  nowMs += 24 * 3_600_000 + 120_000;
  await ends.create('next', { v: 1, atMs: nowMs });
  await until('the next is known', () => known.isOver({ ...session, session: 'next' }));
  assert.equal(known.isOver(session), true, 'a token of a day may be good still, by other clocks');
  nowMs += 3_600_000;
  await until('it is forgotten', () => !known.isOver(session));
  known.stop();
});
