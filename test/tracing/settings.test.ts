import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PosternError } from '../../src/errors.js';
import { tracingWanted } from '../../src/tracing/settings.js';

const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' };

describe('spans are made', () => {
  it('where an endpoint is named, or the exporter', () => {
    assert.equal(tracingWanted(endpoint), true);
    assert.equal(tracingWanted({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://x.example/v1/traces' }), true);
    assert.equal(tracingWanted({ OTEL_TRACES_EXPORTER: 'otlp' }), true);
    assert.equal(tracingWanted({ ...endpoint, OTEL_TRACES_EXPORTER: 'otlp, console' }), true);
  });

  it('not where none is, or they are not wanted', () => {
    const off = [
      {},
      { OTEL_EXPORTER_OTLP_ENDPOINT: ' ' },
      { OTEL_SERVICE_NAME: 'x', OTEL_TRACES_SAMPLER: 'always_on' },
      { ...endpoint, OTEL_SDK_DISABLED: 'TRUE' },
      { ...endpoint, OTEL_TRACES_EXPORTER: 'none' },
      { OTEL_SDK_DISABLED: 'true', OTEL_EXPORTER_OTLP_ENDPOINT: 'nonsense' },
    ];
    for (const env of off) assert.equal(tracingWanted(env), false, JSON.stringify(env));
  });
});

describe('what cannot be is refused with one message that says what to do', () => {
  const cases: Record<string, [Record<string, string>, RegExp]> = {
    'no URL': [
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' },
      /^OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318'/,
    ],
    'another protocol': [
      { ...endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
      /by 'grpc', only by http\/json/,
    ],
    'another sampler': [{ ...endpoint, OTEL_TRACES_SAMPLER: 'sometimes' }, /no sampler 'sometimes'/],
    'no share': [
      { ...endpoint, OTEL_TRACES_SAMPLER: 'traceidratio' },
      /OTEL_TRACES_SAMPLER_ARG: '' is no share/,
    ],
    'a share above one': [
      { ...endpoint, OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '1.5' },
      /'1.5' is no share/,
    ],
  };
  for (const [what, [env, message]] of Object.entries(cases)) {
    it(what, () => {
      assert.throws(
        () => tracingWanted(env),
        (thrown) => {
          assert.ok(thrown instanceof PosternError);
          assert.equal(thrown.code, 'TRACING_INVALID');
          assert.equal(thrown.exitCode, 2);
          assert.match(thrown.message, message);
          assert.ok(thrown.hint !== undefined);
          return true;
        },
      );
    });
  }

  it('quotes no password of an endpoint', () => {
    assert.throws(
      () => tracingWanted({ OTEL_EXPORTER_OTLP_ENDPOINT: 'htp://me:hunter2@collector:4318' }),
      (thrown) => thrown instanceof PosternError && !thrown.message.includes('hunter2'),
    );
  });
});
