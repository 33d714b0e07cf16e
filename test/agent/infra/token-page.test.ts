import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { readCallback } from '../../../src/agent/infra/callback.js';
import { answerOf } from '../../../src/agent/infra/token-page.js';
import { tokenServerUrl } from '../../../src/agent/infra/token-place.js';
import { HttpStage } from './http-stage.js';

const soon = (): AbortSignal => AbortSignal.timeout(20_000);

describe('asking a token server in the place of a user', () => {
  let stage: HttpStage;
  before(() => {
    stage = new HttpStage();
  });
  after(() => stage.close());

  const ask = (place: string, signal = soon()): Promise<string> =>
    answerOf(`http://${place}/authorize?x=1`, { asked: `http://${place}`, service: 'rpl' }, signal);

  test('a redirect elsewhere is not followed', async () => {
    let visits = 0;
    const elsewhere = await stage.http((_, response) => {
      visits += 1;
      response.setHeader('x-auth-redirect', 'berty://services-auth/?code=stolen');
      response.end();
    });
    for (const status of [301, 302, 303, 307, 308]) {
      const place = await stage.http((_, response) =>
        response.writeHead(status, { location: `http://${elsewhere}/` }).end(),
      );
      await assert.rejects(ask(place), {
        code: 'TOKEN_SERVER_REFUSED',
        message: /redirects to another place/,
      });
    }
    assert.equal(visits, 0);
  });

  test('a redirect to the app is the callback', async () => {
    const place = await stage.http((_, response) =>
      response.writeHead(302, { location: 'berty://services-auth/?code=c&state=s' }).end(),
    );
    assert.equal(await ask(place), 'berty://services-auth/?code=c&state=s');
  });

  test('a daemon that leads to another place than was asked for is not believed', async () => {
    const asked = 'http://127.0.0.1:8091';
    for (const page of [
      'http://127.0.0.1:8092/authorize',
      'http://127.0.0.1:8091@evil.example/',
      'http://user@127.0.0.1:8091/',
      'file:///etc/passwd',
      'nothing',
    ]) {
      await assert.rejects(
        answerOf(page, { asked, service: 'rpl' }, soon()),
        { code: 'DAEMON_REFUSED' },
        page,
      );
    }
  });

  test('a page without end, one that leads nowhere, and an error are refusals', async () => {
    const endless = await stage.http((_, response) => {
      const more = (): void => {
        while (response.write('x'.repeat(65_536)));
      };
      response.on('drain', more).on('error', () => {});
      more();
    });
    await assert.rejects(ask(endless), { code: 'TOKEN_SERVER_UNREACHABLE', message: /larger than/ });
    const empty = await stage.http((_, response) =>
      response.writeHead(404).end('nothing <a href="http://x/">'),
    );
    await assert.rejects(ask(empty), { code: 'TOKEN_SERVER_REFUSED', message: /status 404/ });
    const sorry = await stage.http((_, response) => {
      response.setHeader(
        'x-auth-redirect',
        'berty://services-auth/?error=invalid_request&error_description=no+state',
      );
      response.end();
    });
    await assert.rejects(ask(sorry), { code: 'TOKEN_SERVER_REFUSED', message: /invalid_request: no state/ });
  });

  test('a server that is silent is waited for no longer than the caller waits', async () => {
    const silent = await stage.http(() => {});
    await assert.rejects(ask(silent, AbortSignal.timeout(100)), {
      code: 'TOKEN_SERVER_UNREACHABLE',
      message: /aborted/,
    });
    await assert.rejects(ask('127.0.0.1:1'), {
      code: 'TOKEN_SERVER_UNREACHABLE',
      message: /127\.0\.0\.1:1 .*(ECONNREFUSED|bad port)/,
    });
  });
});

test('a token server is HOST or HOST:PORT, and nothing else', () => {
  assert.equal(tokenServerUrl('10.0.0.5'), 'http://10.0.0.5:8091');
  assert.equal(tokenServerUrl('tokens.example.org:80'), 'http://tokens.example.org:80');
  assert.equal(tokenServerUrl('::1'), 'http://[::1]:8091');
  assert.equal(tokenServerUrl('[::1]:99'), 'http://[::1]:99');
  for (const text of [
    ...['', ':8091', 'http://h', 'h:', 'h:0', 'h:65536', 'h:1:2', 'h/path', 'h:1/path', 'u@h', 'h?x', 'h#x'],
    ...['h h', 'h\n', '[::1', '[h]:1', '..', '-h', '\\\\h', '%68', 'h:１', 'file:1:2', 'a.1', '1.2.3.4.5'],
  ]) {
    assert.throws(() => tokenServerUrl(text), { code: 'ADDRESS_INVALID' }, JSON.stringify(text));
  }
});

test('whatever text names it, the URL leads to that host, with no user and no path', () => {
  const sign = fc.constantFrom(...'ab1.:@/?#[]%\\ -_\t');
  fc.assert(
    fc.property(fc.string({ unit: sign, maxLength: 12 }), (text) => {
      let url: URL;
      try {
        url = new URL(tokenServerUrl(text));
      } catch (thrown) {
        assert.ok(thrown instanceof Error && 'code' in thrown && thrown.code === 'ADDRESS_INVALID', text);
        return;
      }
      assert.deepEqual(
        [url.username, url.password, url.pathname, url.search, url.hash],
        ['', '', '/', '', ''],
      );
      assert.match(url.protocol, /^http:$/);
    }),
    { numRuns: 2_000 },
  );
});

test('a callback is found however it is escaped, and nothing else is taken for one', () => {
  const none = { redirect: null, location: null };
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme-ascii' }), (state) => {
      const url = `berty://services-auth/?code=c&state=${encodeURIComponent(state)}`;
      const escaped = url.replace(/[&'"<>=]/g, (sign) => `&#${sign.charCodeAt(0)};`);
      assert.deepEqual(readCallback(none, `<TEXTAREA a="b">\n${escaped}</TEXTAREA>`), { url });
      assert.deepEqual(readCallback(none, `<a class="x" href='${escaped}'>`), { url });
      assert.deepEqual(readCallback({ ...none, redirect: url }, 'x'), { url });
    }),
  );
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (page) => {
      const found = readCallback({ redirect: page, location: page }, page);
      assert.ok(found === undefined || 'wantsClick' in found);
    }),
  );
});

test('a page that is made to take long is read as fast as others', () => {
  const none = { redirect: null, location: null };
  const units = [
    '<textarea',
    '<textarea>',
    '<a ',
    '<a x href ',
    '<a href="',
    '<a href=" ',
    ' href =',
    '<a\t',
  ];
  for (const unit of units) {
    const page = unit.repeat((256 * 1024) / unit.length);
    const begun = process.cpuUsage();
    assert.equal(readCallback(none, `<a ${page}`), undefined);
    const { user } = process.cpuUsage(begun);
    assert.ok(user < 1_500_000, `${JSON.stringify(unit)} took ${user} µs`);
  }
});
