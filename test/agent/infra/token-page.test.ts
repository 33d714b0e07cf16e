import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { readCallback } from '../../../src/agent/infra/callback.js';
import { answerOf } from '../../../src/agent/infra/token-page.js';
import { tokenServerUrl } from '../../../src/agent/infra/token-place.js';
import { errorText, PosternError } from '../../../src/errors.js';
import { freePort } from '../../support/free-port.js';
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
      await assert.rejects(ask(place), unreachable(place, /redirects to another place/));
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
    await assert.rejects(ask(endless), unreachable(endless, /larger than/));
    const empty = await stage.http((_, response) =>
      response.writeHead(404).end('nothing <a href="http://x/">'),
    );
    await assert.rejects(ask(empty), unreachable(empty, /status 404/));
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
    await assert.rejects(ask(silent, AbortSignal.timeout(100)), unreachable(silent, /aborted/));
  });

  test('whoever asks is told the same of a door that is shut, and of one behind which something else is', async () => {
    const shut = `127.0.0.1:${await freePort()}`;
    const web = await stage.http((_, response) => response.end('hello'));
    const other = createServer((socket) => socket.on('error', () => {}).end('SSH-2.0-x\r\n'));
    other.listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    const ssh = `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
    try {
      for (const [place, why] of [
        [shut, /ECONNREFUSED/],
        [web, /status 200 and leads nowhere/],
        [ssh, /HTTP|Parse/i],
      ] as const) {
        const begun = performance.now();
        await assert.rejects(ask(place), unreachable(place, why));
        const took = performance.now() - begun;
        assert.ok(took > 990, `${place} was told of after ${took} ms`);
      }
    } finally {
      other.close();
    }
  });
});

/** What is told of a place that no token server answers at: always the same, and to the log why. */
function unreachable(place: string, why: RegExp): (thrown: unknown) => boolean {
  return (thrown) => {
    assert.ok(thrown instanceof PosternError, String(thrown));
    assert.deepEqual(
      [thrown.code, thrown.message],
      [
        'TOKEN_SERVER_UNREACHABLE',
        `no token server answers at http://${place}: is one running there, and can this machine reach it? The agent's log says what was found`,
      ],
    );
    assert.match(errorText(thrown.cause), why);
    return true;
  };
}

test('a token server is HOST or HOST:PORT, or the same behind https://, and nothing else', () => {
  assert.equal(tokenServerUrl('10.0.0.5'), 'http://10.0.0.5:8091');
  assert.equal(tokenServerUrl('tokens.example.org:8091'), 'http://tokens.example.org:8091');
  assert.equal(tokenServerUrl('https://tokens.example.org'), 'https://tokens.example.org');
  assert.equal(tokenServerUrl('https://tokens.example.org:443'), 'https://tokens.example.org');
  assert.equal(tokenServerUrl('HTTPS://10.0.0.5:8091'), 'https://10.0.0.5:8091');
  assert.equal(tokenServerUrl('https://[::1]:99'), 'https://[::1]:99');
  assert.equal(tokenServerUrl('::1'), 'http://[::1]:8091');
  assert.equal(tokenServerUrl('[::1]:99'), 'http://[::1]:99');
  for (const text of [
    ...['', ':8091', 'http://h', 'h:', 'h:0', 'h:65536', 'h:1:2', 'h/path', 'h:1/path', 'u@h', 'h?x', 'h#x'],
    ...[
      'https://',
      'https://h/',
      'https://h:1/x',
      'https://u@h',
      'https://h?x',
      'https:h',
      'https://https://h',
    ],
    ...[
      'fe80::1%lo',
      'h h',
      'h\n',
      '[::1',
      '[h]:1',
      '..',
      '-h',
      '\\\\h',
      '%68',
      'h:１',
      'file:1:2',
      'a.1',
      '1.2.3.4.5',
    ],
  ]) {
    assert.throws(() => tokenServerUrl(text), { code: 'ADDRESS_INVALID' }, JSON.stringify(text));
  }
});

test('doors that are none of a token server are not knocked at, whether they are open or not', () => {
  const allowed = ['10.1.2.3:80', '[fd00::1]:9000', 'Tokens.example.org:8443'];
  for (const text of [
    ...['127.0.0.1:22', 'localhost:1', 'LOCALHOST:2', '[::1]:3', '127.9.9.9:4', 'https://127.0.0.1:8443'],
    ...[
      '10.1.2.3:80',
      'https://10.1.2.3:80',
      '[fd00:0::1]:9000',
      'tokens.example.ORG:8443',
      '8.8.8.8',
      'https://8.8.8.8',
    ],
  ]) {
    assert.match(tokenServerUrl(text, allowed), /^https?:/, text);
  }
  for (const text of [
    ...[
      '10.1.2.3:81',
      '10.1.2.3:443',
      '8.8.8.8:80',
      'https://8.8.8.8:80',
      '169.254.169.254:80',
      '0.0.0.0:22',
      '[::]:22',
    ],
    ...['127.1:22', '2130706433:22', 'localhost.example.org:22', '[fd00::1]:9001', '[::ffff:10.0.0.1]:22'],
  ]) {
    const place = text.replace('https://', '');
    const refused = (thrown: unknown): boolean => {
      assert.ok(thrown instanceof PosternError && thrown.code === 'TOKEN_SERVER_FORBIDDEN', text);
      assert.ok(thrown.message.endsWith(`start it with --infra-token-server ${place} where that is wanted`));
      return true;
    };
    assert.throws(() => tokenServerUrl(text, allowed), refused, text);
  }
});

test('whatever text names it, the URL leads to that host, with no user and no path', () => {
  const sign = fc.constantFrom(...'ab1.:@/?#[]%\\ -_\t', 'https://');
  fc.assert(
    fc.property(fc.string({ unit: sign, maxLength: 12 }), (text) => {
      let url: URL;
      try {
        url = new URL(tokenServerUrl(text));
      } catch (thrown) {
        assert.ok(thrown instanceof PosternError, text);
        assert.ok(['ADDRESS_INVALID', 'TOKEN_SERVER_FORBIDDEN'].includes(thrown.code), text);
        return;
      }
      assert.deepEqual(
        [url.username, url.password, url.pathname, url.search, url.hash],
        ['', '', '/', '', ''],
      );
      assert.match(url.protocol, /^https?:$/);
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

test('of a form all is sent that nobody sees, and a part of what is too much', () => {
  const none = { redirect: null, location: null };
  const page =
    '<FORM method="post"><input type="hidden" name="a" value="1&#38;2"><INPUT value=\'x\' name=\'b\' type=\'HIDDEN\'>' +
    '<input name="seen" value="no"><input type="hidden" value="nameless"><input type="checkbox" name="rpl_selected">';
  const hidden = [
    ['a', '1&2'],
    ['b', 'x'],
  ];
  assert.deepEqual(readCallback(none, page), { wantsClick: true, hidden });
  const many = readCallback(none, `<form>${'<input type="hidden" name="n" value="v">'.repeat(100)}`);
  assert.ok(many !== undefined && 'wantsClick' in many && many.hidden.length === 16);
  const long = readCallback(none, `<form><input type="hidden" name="n" value="${'v'.repeat(2_000)}">`);
  assert.deepEqual(long, { wantsClick: true, hidden: [] });
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
    readCallback(none, `<form><input ${page}`);
    readCallback(none, `<form>${'<input name=" value='.repeat(13_000)}`);
    const { user } = process.cpuUsage(begun);
    assert.ok(user < 1_500_000, `${JSON.stringify(unit)} took ${user} µs`);
  }
});
