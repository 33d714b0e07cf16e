import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MethodRows } from '../../../src/hub/calls/method-rows.js';

const [ok, notFound, unimplemented] = [0, 5, 12];

describe('the rows that calls are counted in', () => {
  it('are few for methods that a node has never answered with OK', () => {
    const rows = new MethodRows();
    const named = new Set<string>();
    for (let i = 0; i < 5_000; i++) named.add(rows.of('n1', `/x.Y/M${i}`, notFound)?.method ?? 'none');
    assert.equal(named.size, 33);
    assert.ok(named.has(''), 'the others share one');
    assert.equal(rows.of('n1', '/x.Y/Unknown', unimplemented)?.method, '');
    assert.equal(rows.of('n1', '/x.Y/Real', ok)?.method, 'x.Y/Real', 'the node knows it');
    assert.equal(rows.size, 34);
  });

  it('are bounded for one node that answers everything, and for all nodes', () => {
    const rows = new MethodRows();
    for (let i = 0; i < 1_000; i++) rows.of('n1', `/x.Y/M${i}`, ok);
    assert.equal(rows.size, 257);
    for (let n = 0; n < 5_000; n++) for (let i = 0; i < 4; i++) rows.of(`n${n}`, `/x.Y/M${i}`, ok);
    assert.ok(rows.size <= 4_096, `${rows.size}`);
    assert.equal(rows.of('n9999', '/x.Y/M1', ok), undefined);
  });

  it('are kept while there are calls, and longer where the method is known', () => {
    const rows = new MethodRows();
    const known = rows.of('n1', '/x.Y/Known', ok) ?? assert.fail();
    const doubtful = rows.of('n1', '/x.Y/Doubtful', notFound) ?? assert.fail();
    known.usedIn = 100;
    doubtful.usedIn = 100;
    rows.forget(50, 100);
    assert.equal(rows.of('n1', '/x.Y/Doubtful', notFound), doubtful);
    rows.forget(50, 101);
    assert.equal(rows.size, 1);
    assert.equal(rows.of('n1', '/x.Y/Known', notFound), known);
    rows.forget(101, 101);
    assert.equal(rows.size, 0);
  });

  it('show no more of a path than its method', () => {
    assert.equal(new MethodRows().of('n1', '/x.Y/Z?token=secret', ok)?.method, 'x.Y/Z');
  });

  it('are none for forwards, which are connections', () => {
    assert.equal(new MethodRows().of('n1', '/postern.forward/db:5432', ok), undefined);
  });
});
