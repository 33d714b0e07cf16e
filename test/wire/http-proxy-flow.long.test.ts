import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { echo, sumOf } from './http-proxy-flow.js';

const gigabyte = 1_073_741_824;

describe('a gigabyte flows through both ways and memory stays flat', () => {
  for (const protocol of ['HTTP/1.1', 'HTTP/2'] as const) {
    it(`over ${protocol}`, { timeout: 300_000 }, async () => {
      const { bytes, sum, grewBy } = await echo(gigabyte, protocol);
      assert.equal(bytes, gigabyte);
      assert.equal(sum, sumOf(gigabyte));
      // Client, proxy and origin in one process, with a collector that is not in a hurry.
      assert.ok(grewBy < 200_000_000, `grew by ${grewBy} bytes`);
    });
  }
});
