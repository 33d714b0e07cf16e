import assert from 'node:assert/strict';
import type { Browser, Page } from 'playwright-core';
import { openAddress, type PageOptions, picture } from './browser.js';

/** Where the inspector's page is opened, and as whom. */
export interface InspectorPageOptions extends PageOptions {
  /** Of the hub: `127.0.0.1:9090`. */
  readonly hub: string;
  /** Path and query behind `/inspect`, with a slash in front. */
  readonly at?: string;
  /** Who opens it; without, nobody is logged in. */
  readonly token?: string;
  /** What it may say on its console, e.g. that a hub which was killed does not answer. */
  readonly mayLog?: RegExp;
  /** Name of the picture that is kept when the work fails. */
  readonly name: string;
}

/** What a browser says on the console when a hub is away. */
export const hubAway =
  /Failed to load resource: net::ERR_(?:CONNECTION_|INCOMPLETE_CHUNKED|EMPTY_RESPONSE|SOCKET)/;

/**
 * Opens the inspector's page of a hub, works with it and closes it. Rejects where the work does, and where the page has
 * logged something, thrown, asked somebody else than the hub, or broken its own policy.
 */
export async function onInspectorPage(
  browser: Browser,
  { hub, at = '', token, mayLog, name, ...options }: InspectorPageOptions,
  work: (page: Page) => Promise<void>,
): Promise<void> {
  const hash = token === undefined ? {} : { hash: `#token=${token}` };
  const { page, noise } = await openAddress(browser, `http://${hub}/inspect${at}`, { ...options, ...hash });
  const bad = () => noise.filter((line) => mayLog === undefined || !mayLog.test(line));
  try {
    await work(page);
  } catch (thrown) {
    await picture(page, `failed-${name}`).catch(() => {});
    throw bad().length === 0 ? thrown : new Error(`the page said: ${bad().join('\n')}`, { cause: thrown });
  } finally {
    await page.close();
  }
  assert.deepEqual(bad(), []);
}
