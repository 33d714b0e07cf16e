import { errorText } from '../../src/errors.js';
import { example } from '../clients/examples.js';
import { type Language, languages, needToolchain } from '../clients/stubs.js';
import { without } from '../toolchain.js';

/**
 * Builds the examples in other languages before the clock of any test runs. Where that cannot be done the result says why,
 * and the tests tell it again: skipped, in CI failed.
 */
export async function prepareClients(): Promise<string> {
  const began = performance.now();
  const lines: string[] = [];
  const ready: Language[] = [];
  for (const language of languages) {
    const missing = await without(() => needToolchain(language));
    if (missing !== false) {
      lines.push(`tests of clients in ${language} are skipped: ${missing}`);
      continue;
    }
    try {
      await example(language);
      ready.push(language);
    } catch (thrown) {
      lines.push(errorText(thrown));
    }
  }
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  return [`clients built in ${seconds} s: ${ready.join(', ') || 'none'}`, ...lines].join('\n');
}
