import { errorText } from '../../src/errors.js';
import { browserTool } from '../browser-tool.js';

/**
 * Gets the browser that tests look at pages with before the clock of any test runs. Where that cannot be done the result
 * says why, and the tests tell it again: skipped, in CI failed.
 */
export async function prepareBrowser(): Promise<string> {
  try {
    return `Chromium: ${(await browserTool()).path}`;
  } catch (thrown) {
    return `tests that need a browser are skipped: ${errorText(thrown)}`;
  }
}
