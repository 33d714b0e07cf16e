import assert from 'node:assert/strict';
import type { IncomingHttpHeaders } from 'node:http2';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isCall, isPlainCall, isWebCall } from '../../../src/hub/door/call-kinds.js';
import { isPreflight } from '../../../src/wire/cors.js';
import { isWebContentType } from '../../../src/wire/grpc-web-request.js';

const types = ['application/grpc', 'application/grpc+proto', 'application/grpc-web', 'text/html', ''];
const headers: fc.Arbitrary<IncomingHttpHeaders> = fc.record(
  {
    ':method': fc.constantFrom('POST', 'OPTIONS', 'GET'),
    'content-type': fc.constantFrom(...types),
    origin: fc.constantFrom('https://a.test'),
    'access-control-request-method': fc.constantFrom('POST'),
    'access-control-request-headers': fc.constantFrom('', 'x-grpc-web', 'content-type, x-grpc-web'),
  },
  { requiredKeys: [] },
);

describe('a plain call', () => {
  it('is what calls of gRPC over HTTP/2 are', () => {
    assert.ok(isPlainCall({ ':method': 'POST', 'content-type': 'application/grpc' }));
  });

  it('is a call for every door, and nothing but a call', () => {
    fc.assert(
      fc.property(headers, (given) => {
        if (!isPlainCall(given)) return;
        assert.ok(isCall(given) && !isWebCall(given));
        assert.ok(!isWebContentType(given['content-type']) && !isPreflight(given[':method'], given));
      }),
    );
  });
});
