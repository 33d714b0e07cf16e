import assert from 'node:assert/strict';
import { test } from 'node:test';
import { normalAddress } from '../../../src/accounts/auth/address.js';
import { readMail } from '../../../src/accounts/auth/mail/code-in-mail.js';

const code = 'a'.repeat(26);
const read = (header: string, body = `verify: ${code}`) =>
  readMail(Buffer.from(`${header}\r\n\r\n${body}\r\n`));

test('a From as people write it is read, and no other', async () => {
  for (const from of [
    'ada@example.org',
    '<Ada@Example.org>',
    'Ada B. Lovelace <ada@example.org>',
    '"ada@evil.com, really" <ada@example.org>',
    '=?utf-8?q?=3Ceve=40evil.com=3E?= <ada@example.org>',
    'Ada\r\n <ada@example.org>',
  ]) {
    assert.equal((await read(`From: ${from}`)).from, 'ada@example.org', from);
  }
  for (const from of [
    '"ada@example.org"',
    '=?utf-8?q?=3Cada=40example.org=3E?=',
    '=?utf-8?q?=3Cada=40example.org=3E?=;%<eve@evil.com>',
    'ada@example.org (eve@evil.com)',
    '(<ada@example.org>) eve@evil.com',
    'some: ada@example.org;',
    'ada@example.org <eve@evil.com>',
    '<ada@example.org> <eve@evil.com>',
    'ada@example.org,',
    'ada@exam\u0000ple.org',
    'ada@example.org\r\n ',
    'ada@example.org\rX: y',
    'ada@example.org\nFrom: eve@evil.com',
    `${'x'.repeat(2_000)} <ada@example.org>`,
  ]) {
    await assert.rejects(read(`From: ${from}`), { code: 'MAIL_INVALID' }, from);
  }
});

test('a field that is written so that some overlook it is refused', async () => {
  for (const header of [
    'From : ada@example.org',
    ' From: ada@example.org',
    'From: ada@example.org\r\nFrom : eve@evil.com',
    'From: ada@example.org\r\nFROM: ada@example.org',
    'From: ada@example.org\r\nDKIM-Signature : v=1; l=1',
    'From: ada@example.org\r\nDkim-Signature: v=1;\r\n l = 1',
    'From: ada@example.org\r\nSubject: x\r\nsubject: y',
    'From: ada@example.org\r\nno field',
  ]) {
    await assert.rejects(read(header), { code: 'MAIL_INVALID' }, header);
  }
});

test('a mail that is made to be slow to read is read or refused in no time', async () => {
  const header = 'From: ada@example.org\r\nContent-Type: text/html';
  const begun = process.cpuUsage();
  for (const body of ['<', '<br', '<!--', '<style']) {
    await read(header, body.repeat(Math.floor(250_000 / body.length)));
  }
  await assert.rejects(read('From: ada@example.org', '\n'.repeat(250_000)), { code: 'MAIL_INVALID' });
  const { user } = process.cpuUsage(begun);
  assert.ok(user < 2_000_000, `${user} µs`);
  const { body } = await read(header, `<p>a <b>verify:</b>\r\n${code}</p> &gt; 3 < 4 <i`);
  assert.match(body, new RegExp(`verify: \\s*${code} `));
});

test('letters beyond ASCII make no address, not even those that have a small one within', () => {
  assert.equal(normalAddress(' Kate@Example.org '), 'kate@example.org');
  assert.equal(normalAddress('\u212Aate@example.org'), undefined);
  assert.equal(normalAddress('kate@ban\u212A.example.org'), undefined);
});
