import type { Logger } from '../log.js';
import { type Environment, tracingWanted } from './settings.js';
import type { Tracing } from './tracing.js';

/**
 * Starts to make spans where the environment asks for it; undefined: it does not, and nothing was loaded. Throws
 * `PosternError` `TRACING_INVALID`.
 * @param service what the process is called in traces, unless the environment has another name.
 */
export async function startTracing(options: {
  readonly service: string;
  readonly version: string;
  readonly env: Environment;
  readonly log: Logger;
}): Promise<Tracing | undefined> {
  if (!tracingWanted(options.env)) return undefined;
  const { startOpenTelemetry } = await import('./open-telemetry.js');
  return startOpenTelemetry(options);
}
