import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hubConfig } from '../../../src/hub/config.js';
import type { Routed } from '../../../src/hub/door/routes.js';
import { routerOf } from './router-of.js';

const router = await routerOf(
  [
    { listener: ':8443', pathPrefix: '/etcdserverpb.', node: 'etcd' },
    { listener: '127.0.0.1:9090', host: 'one.test', node: 'both' },
    { host: 'one.test', node: 'one' },
    { host: '*.two.test', node: 'two' },
    { host: '*.far.two.test', node: 'far' },
    { host: 'x.two.test', node: 'exact' },
    { pathPrefix: '/pkg.', node: 'prefixed' },
    { pathPrefix: '/pkg.S/Long', node: 'longer' },
    { host: 'special.nodes.example', node: 'special' },
    { host: 'web.test', to: 'http://127.0.0.1:4' },
    { host: 'two-ways.test', to: 'http://127.0.0.1:4' },
    { host: 'two-ways.test', node: 'two-ways' },
  ],
  { domain: 'nodes.example', listen: ['127.0.0.1:8080', '127.0.0.1:9090', '0.0.0.0:8443'] },
);
const call: Routed = { path: '/a.B/C', authority: 'hub:9090', metadata: [], listener: '127.0.0.1:8080' };

describe('a call is routed', () => {
  it('by metadata, host name and table, in this order, else to the hub itself', () => {
    const rows: [string, Partial<Routed>, string | undefined, string[]?][] = [
      ['nothing', {}, undefined],
      ['name', { metadata: ['a', '1', 'name', 'n1', 'b', '2'] }, 'n1', ['a', '1', 'b', '2']],
      [
        'ours before name, which passes then',
        { metadata: ['name', 'for-the-node', 'x-postern-node', 'n2'] },
        'n2',
        ['name', 'for-the-node'],
      ],
      ['metadata before host', { metadata: ['name', 'n1'], authority: 'n3.nodes.example' }, 'n1', []],
      ['host of the domain', { authority: 'n3.nodes.example:443' }, 'n3'],
      ['host in any case', { authority: 'N3.NODES.example' }, 'n3'],
      ['host with user', { authority: 'me@n3.nodes.example' }, 'n3'],
      ['host with a dot at its end', { authority: 'n3.nodes.example.:443' }, 'n3'],
      ['host deeper below the domain', { authority: 'a.b.nodes.example' }, 'a.b'],
      ['the domain itself', { authority: 'nodes.example' }, undefined],
      ['a host that only ends alike', { authority: 'evilnodes.example' }, undefined],
      [
        'host of the domain before a row without host',
        { authority: 'n3.nodes.example', path: '/pkg.S/M' },
        'n3',
      ],
      ['a row that names the host before the domain', { authority: 'special.nodes.example' }, 'special'],
      ['table: host', { authority: 'one.test:80' }, 'one'],
      ['table: all conditions of a row', { authority: 'one.test', listener: '127.0.0.1:9090' }, 'both'],
      ['table: any name below', { authority: 'y.two.test' }, 'two'],
      ['table: any name deeper below', { authority: 'x.y.two.test' }, 'two'],
      ['table: not the name itself', { authority: 'two.test' }, undefined],
      ['table: the name itself before any name below', { authority: 'x.two.test' }, 'exact'],
      ['table: the longer suffix', { authority: 'x.far.two.test' }, 'far'],
      ['table: host before path', { authority: 'one.test', path: '/pkg.S/M' }, 'one'],
      ['table: prefix', { path: '/pkg.S/M' }, 'prefixed'],
      ['table: the longest prefix', { path: '/pkg.S/Long' }, 'longer'],
      ['table: a prefix of whole segments', { path: '/pkg.S/Longer' }, 'prefixed'],
      [
        'table: listener before host',
        { path: '/etcdserverpb.KV/Put', listener: '0.0.0.0:8443', authority: 'one.test' },
        'etcd',
      ],
      ['table: another port', { path: '/etcdserverpb.KV/Put', listener: '0.0.0.0:18443' }, undefined],
      ['table: rows for calls and for requests at once', { authority: 'two-ways.test' }, 'two-ways'],
      ['an IPv6 authority', { authority: '[::1]:9090' }, undefined],
      ['an empty name is a name, and will be refused', { metadata: ['name', ''] }, '', []],
    ];
    for (const [what, given, node, rest] of rows) {
      const routed = { ...call, ...given };
      const destination = router.route(routed);
      assert.equal(destination.kind, node === undefined ? 'hub' : 'node', what);
      assert.equal(destination.kind === 'node' ? destination.node : undefined, node, what);
      assert.deepEqual(destination.metadata, rest ?? routed.metadata, what);
    }
  });

  it('nowhere, where only other requests are taken', () => {
    const destination = router.route({ ...call, authority: 'web.test' });
    assert.equal(destination.kind, 'none');
  });

  it('only by rows that say when, and where to', () => {
    const bad = {
      data: '/nowhere',
      routes: [
        { node: 'n1' },
        { host: 'h', node: 'N1' },
        { host: 'h', node: 'hub' },
        { host: 'h' },
        { host: 'h', node: 'n1', to: 'grpc://127.0.0.1:1' },
      ],
    };
    const read = hubConfig.safeParse(bad);
    assert.deepEqual(
      read.error?.issues.map((issue) => issue.path.join('.')),
      ['routes.0', 'routes.1.node', 'routes.2.node', 'routes.3', 'routes.4'],
    );
  });
});
