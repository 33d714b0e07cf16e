import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { fillSubject, filterSubject, grantedSubject, parseSubject } from '../../src/bus/subject-pattern.js';
import { subjects } from '../../src/bus/subjects.js';

const token = fc.stringMatching(/^[A-Za-z0-9_-]{1,20}$/);

describe('subject patterns', () => {
  it('give back the parameters that they were filled with', () => {
    fc.assert(
      fc.property(token, token, token, token, (to, toInstance, from, fromInstance) => {
        const params = { to, toInstance, from, fromInstance };
        const subject = fillSubject(subjects.call.pattern, params);
        assert.deepEqual(parseSubject(subjects.call, subject), params);
      }),
    );
  });

  it('refuse every parameter that is not one token', () => {
    for (const node of ['', 'a.b', '*', '>', 'a b', 'a\r\nPUB x 0', '\u0000']) {
      const fill = (): string => fillSubject(subjects.notice.pattern, { node });
      assert.throws(fill, { code: 'SUBJECT_INVALID' }, JSON.stringify(node));
      const filter = (): string => filterSubject(subjects.notice.pattern, { node });
      assert.throws(filter, { code: 'SUBJECT_INVALID' }, JSON.stringify(node));
    }
    assert.throws(() => fillSubject(subjects.notice.pattern, {}), { code: 'SUBJECT_INVALID' });
  });

  it('do not parse subjects of another shape', () => {
    for (const subject of ['postern.node.notice', 'postern.node.notice.a.b', 'postern.hub.notice.a', '']) {
      assert.equal(parseSubject(subjects.notice, subject), undefined, subject);
    }
  });

  it('leave open in a filter what is not named', () => {
    assert.equal(filterSubject(subjects.hello.pattern, { node: 'n1' }), 'postern.hub.hello.n1.*');
    assert.equal(filterSubject(subjects.hello.pattern), 'postern.hub.hello.*.*');
  });

  it('put the owner into a grant, and refuse a grant without its owner', () => {
    const grant = { to: 'hub', from: '$node' };
    assert.equal(grantedSubject(subjects.call.pattern, grant, { node: 'n1' }), 'postern.call.hub.*.n1.*');
    assert.throws(() => grantedSubject(subjects.call.pattern, grant, {}), { code: 'SUBJECT_INVALID' });
    assert.throws(() => grantedSubject(subjects.call.pattern, grant, { node: '*' }), {
      code: 'SUBJECT_INVALID',
    });
  });
});
