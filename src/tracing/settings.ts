import { PosternError } from '../errors.js';

/** The environment of a process. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** As the specification of OpenTelemetry's environment variables names them; true: takes a share from 0 to 1. */
const samplers: Readonly<Record<string, boolean>> = {
  always_on: false,
  always_off: false,
  traceidratio: true,
  parentbased_always_on: false,
  parentbased_always_off: false,
  parentbased_traceidratio: true,
};

/**
 * Whether spans are to be made and sent, by OpenTelemetry's own environment variables: an endpoint is named, or the
 * exporter `otlp`. Throws `PosternError` `TRACING_INVALID` (exit status 2) where they ask for what cannot be.
 */
export function tracingWanted(env: Environment): boolean {
  const of = (name: string): string => env[name]?.trim() ?? '';
  if (of('OTEL_SDK_DISABLED').toLowerCase() === 'true') return false;
  const exporters = of('OTEL_TRACES_EXPORTER')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  const endpoints = ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT'];
  const named = endpoints.filter((name) => of(name) !== '');
  const wanted = exporters.length === 0 ? named.length > 0 : exporters.includes('otlp');
  if (!wanted) return false;
  for (const name of named) checkEndpoint(name, of(name));
  checkProtocol(of('OTEL_EXPORTER_OTLP_TRACES_PROTOCOL') || of('OTEL_EXPORTER_OTLP_PROTOCOL'));
  checkSampler(of('OTEL_TRACES_SAMPLER'), of('OTEL_TRACES_SAMPLER_ARG'));
  return true;
}

function checkEndpoint(name: string, value: string): void {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return;
  // it may name who sends, and by which password
  const shown = value.replace(/[^/]*@/, '…@');
  throw invalid(`${name}: '${shown}' is no URL`, 'such as http://127.0.0.1:4318');
}

function checkProtocol(protocol: string): void {
  if (['', 'http/json', 'http/protobuf'].includes(protocol)) return;
  throw invalid(
    `OTEL_EXPORTER_OTLP_PROTOCOL: traces cannot be sent by '${protocol}', only by http/json`,
    "take the collector's port for OTLP over HTTP, mostly 4318",
  );
}

function checkSampler(sampler: string, share: string): void {
  if (sampler === '') return;
  const needsShare = samplers[sampler];
  if (needsShare === undefined) {
    throw invalid(
      `OTEL_TRACES_SAMPLER: there is no sampler '${sampler}'`,
      `one of ${Object.keys(samplers).join(', ')}`,
    );
  }
  const number = Number(share);
  if (needsShare && (share === '' || !(number >= 0 && number <= 1))) {
    throw invalid(`OTEL_TRACES_SAMPLER_ARG: '${share}' is no share`, 'a number from 0 to 1, such as 0.01');
  }
}

function invalid(message: string, hint: string): PosternError {
  return new PosternError('TRACING_INVALID', message, { hint, exitCode: 2 });
}
