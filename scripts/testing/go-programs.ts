import { errorText } from '../../src/errors.js';
import { grpcGo, h2spec } from '../../test/conformance/go-programs.js';
import { goBuilt } from '../go-tool.js';
import { withoutGo } from '../go-toolchain.js';

/**
 * Builds the Go programs that tests need before the clock of any test runs. Where that cannot be done the result says
 * why, and the tests tell it again: skipped, in CI failed.
 */
export async function prepareGoPrograms(): Promise<string> {
  const missing = await withoutGo();
  if (missing !== false) return `tests that need Go are skipped: ${missing}`;
  try {
    for (const program of ['client', 'server', 'http2'] as const) await grpcGo(program);
    await h2spec();
    await goBuilt('examples/tunnel-go', 'tunnel-go');
    return 'programs built with Go are ready';
  } catch (thrown) {
    return errorText(thrown);
  }
}
