import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Metadata, status } from '@grpc/grpc-js';
import { statusText } from '../../src/client/call-failed.js';

const told = (details: string): string =>
  statusText({ code: status.NOT_FOUND, details, trailers: new Metadata() });

test('a status is told in one line, and its text steers no terminal', () => {
  assert.equal(told(''), 'NOT_FOUND (5)');
  assert.equal(told('no such thing: ☺'), 'NOT_FOUND (5): no such thing: ☺');
  assert.equal(
    told('red \u001b[31m\nnext\r\u0007 \u009b2J'),
    'NOT_FOUND (5): red \\u001b[31m\\nnext\\r\\u0007 \\u009b2J',
  );
});
