import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import { describe, it } from 'node:test';
import { routeRows } from '../../../src/hub/routes/row.js';
import { liveRoutes, type RouterPlace, type RowInput, routerOf } from './router-of.js';

const place: RouterPlace = {
  listen: ['127.0.0.1:8080', ':8443', 'unix:/run/hub.sock'],
  metricsListen: '127.0.0.1:9464',
  nats: ['nats://127.0.0.1:4222', 'nats://localhost'],
};
const [outer = '192.0.2.1'] = Object.values(networkInterfaces()).flatMap((all) =>
  (all ?? []).filter(({ family, internal }) => family === 'IPv4' && !internal).map(({ address }) => address),
);

describe('a row of the route table', () => {
  it('is refused where it is no row, with the reason', () => {
    const rows: [RowInput, RegExp][] = [
      [{ host: 'h', to: '127.0.0.1:1' }, /write grpc:\/\/HOST:PORT/],
      [{ host: 'h', to: 'grpc://127.0.0.1' }, /the port is missing/],
      [{ host: 'h', to: 'grpc://:40052' }, /the host is missing/],
      [{ host: 'h', to: 'ftp://127.0.0.1:1' }, /write grpc/],
      [{ host: 'h', to: 'http://127.0.0.1:1/base' }, /no path/],
      [{ host: 'h', to: 'http://me:secret@127.0.0.1:1' }, /no user/],
      [{ host: 'h', to: 'grpc+unix:' }, /the path is missing/],
      [{ host: 'h', to: 'grpc://127.0.0.1:1', ca: 'ca.pem' }, /ca goes with https/],
      [{ host: 'h', node: 'n1', access: 'public' }, /a node takes no calls without a token/],
      [{ host: 'h', node: 'n1', timeoutSeconds: 1 }, /timeoutSeconds goes with to/],
      [{ host: 'h', to: 'grpc://h:1', access: 'public', roles: ['admin'] }, /roles cannot be demanded/],
      [{ host: 'h', to: 'grpc://h:1', stripPrefix: true }, /stripPrefix needs a pathPrefix/],
      [
        { pathPrefix: '/pkg.', to: 'grpc://h:1', stripPrefix: true },
        /stripPrefix needs a pathPrefix of whole/,
      ],
      [{ host: 'h', to: 'grpc://h:1', methods: ['GET'] }, /'GET' is no method here/],
      [{ host: 'h', to: 'http://h:1', methods: ['pkg.S/M'] }, /is no method here: write GET/],
      [{ host: 'h:443', to: 'grpc://h:1' }, /not a host name without port/],
      [{ host: '*', to: 'grpc://h:1' }, /not a host name/],
      [{ host: 'a.*.b', to: 'grpc://h:1' }, /not a host name/],
      [{ pathPrefix: 'api', to: 'http://h:1' }, /a path begins with \//],
      [{ pathPrefix: '/a/../b', to: 'http://h:1' }, /a segment \. or \.\./],
      [{ pathPrefix: '/%61', to: 'http://h:1' }, /write it as \/a/],
      [{ pathPrefix: '/a?b', to: 'http://h:1' }, /holds a query/],
    ];
    for (const [row, why] of rows) {
      const issues = routeRows.safeParse([row]).error?.issues ?? [];
      assert.match(issues.map(({ message }) => message).join('\n'), why, JSON.stringify(row));
    }
  });

  it('leads to no port of the hub itself and of its bus, unless that is said', async () => {
    const own = [
      ...[
        'http://127.0.0.1:8080',
        'http://localhost:8080',
        'http://127.9.9.9:8080',
        'http://LOCALHOST.:8080',
      ],
      ...['http://0.0.0.0:8080', 'http://[::1]:8080', 'http://127.1:8080', 'http://[::ffff:127.0.0.1]:8080'],
      ...['grpc://127.0.0.1:8443', `grpc://${outer}:8443`, 'https://[::1]:8443'],
      ...[
        'http+unix:/run/hub.sock',
        'http://127.0.0.1:9464',
        'grpc://127.0.0.1:4222',
        'http://127.0.0.1:4222',
      ],
    ];
    for (const to of own) {
      const row = { host: 'h', to };
      await assert.rejects(routerOf([row], place), { code: 'ROUTE_INVALID', message: /route h: .* is / }, to);
      await routerOf([{ ...row, ownPort: true }], place);
    }
    for (const to of ['http://127.0.0.1:8081', 'grpc+unix:/run/other.sock', 'http://192.0.2.9:8080']) {
      await routerOf([{ host: 'h', to }], place);
    }
    const live = await liveRoutes([{ host: 'h', to: 'http://127.0.0.1:50001' }], { listen: ['127.0.0.1:0'] });
    assert.throws(() => live.bound(['127.0.0.1:50001'], undefined), { code: 'ROUTE_INVALID' });
  });

  it('clashes with another of the same conditions or name, and needs a listener that is there', async () => {
    const node = { host: 'H.test', node: 'n1' };
    const bad: [RowInput[], RegExp][] = [
      [[node, { host: 'h.test.', node: 'n2' }], /route h\.test: it has the same conditions as route h\.test/],
      [[node, { host: 'h.test', to: 'grpc://h:1', name: 'two' }], /route two: it has the same conditions/],
      [
        [
          { ...node, name: 'a' },
          { host: 'i', node: 'n1', name: 'a' },
        ],
        /route a: another route has this name/,
      ],
      [
        [{ listener: ':9', node: 'n1' }],
        /route \* at :9: there is no listener :9: there is 127\.0\.0\.1:8080/,
      ],
      [[{ host: 'h', to: 'https://h:1', ca: '/nowhere.pem' }], /route h: cannot use the CA file/],
    ];
    for (const [rows, message] of bad) {
      await assert.rejects(routerOf(rows, place), { code: 'ROUTE_INVALID', exitCode: 2, message });
    }
    await routerOf([node, { host: 'h.test', to: 'http://h:1' }], place);
  });

  it('stays as it is, its counts too, when a table is put in the place of another', async () => {
    const kept = { host: 'kept.test', to: 'grpc://127.0.0.1:1' };
    const gone = { host: 'gone.test', node: 'n1' };
    const live = await liveRoutes([kept, gone]);
    const [before] = live.router.table.rows;
    before?.calls.begin();
    await live.reload(routeRows.parse([{ host: 'new.test', node: 'n2' }, kept]), 'another', async () => {});
    const after = live.router.table.rows;
    assert.deepEqual(
      after.map(({ name }) => name),
      ['new.test', 'kept.test'],
    );
    assert.equal(after[1]?.service?.target, before?.service?.target);
    assert.deepEqual([after[1]?.calls.open, after[1]?.calls.total, after[1]?.index], [1, 1, 1]);
    assert.equal(live.loaded.from, 'another');

    const bad = routeRows.parse([kept, { host: 'kept.test', node: 'n1' }]);
    await assert.rejects(
      live.reload(bad, 'bad', async () => {}),
      { code: 'ROUTE_INVALID' },
    );
    const also = () => Promise.reject(new Error('certificates that cannot be used'));
    await assert.rejects(live.reload(routeRows.parse([]), 'none', also), /certificates/);
    assert.equal(live.router.table.rows, after, 'the old table goes on');
    assert.equal(live.loaded.from, 'another');
    live.stop();
  });
});
