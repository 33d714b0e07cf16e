import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serviceName, shortNames } from '../../../src/inspector/page/views/fleet/services.js';

test('services are named as people write them', () => {
  assert.equal(serviceName('my.package.Greeter/'), 'my.package.Greeter');
  assert.equal(serviceName('grpc.reflection.'), 'grpc.reflection.*');
  assert.equal(serviceName('all'), 'all');
});

test('short names leave packages out, and have what every server serves last', () => {
  assert.equal(
    shortNames(['grpc.health.v1.Health', 'grpc.reflection.*', 'my.package.Greeter', 'Plain']),
    'Greeter, Plain, Health, reflection.*',
  );
  assert.equal(shortNames(['all']), 'all');
  assert.equal(shortNames([]), '');
});
