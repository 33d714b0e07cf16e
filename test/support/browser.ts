import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { browserTool } from '../../scripts/browser-tool.js';
import { errorText } from '../../src/errors.js';
import { checkoutRoot } from './processes.js';

/** Pictures of pages, for people who want to see what a test saw. */
export const pictures = path.join(checkoutRoot, '.build/pictures');

/** Why there is no browser here; false where there is one. Fetches it. */
export async function withoutBrowser(): Promise<string | false> {
  return browserTool().then(() => false, errorText);
}

/** A page, and what it did that a page of ours must not do. */
export interface WatchedPage {
  readonly page: Page;
  /** Errors and warnings of its console, uncaught errors, and all addresses elsewhere that it asked for. */
  readonly noise: string[];
  /** How long its main thread was at work since it was opened, milliseconds of processor time: other load does not count. */
  busyMs(): Promise<number>;
}

/** How a page is opened. */
export interface PageOptions {
  readonly colorScheme?: 'light' | 'dark';
  /** Behind the address, with `#`. */
  readonly hash?: string;
  /** Default: 1280 by 860. */
  readonly viewport?: { readonly width: number; readonly height: number };
}

/** Starts Chromium without a window. It may run as root here, which its sandbox does not like. */
export async function startBrowser(): Promise<Browser> {
  const tool = await browserTool();
  return chromium.launch({
    executablePath: tool.path,
    env: definedOnly(tool.env),
    args: ['--disable-gpu', '--disable-dev-shm-usage'],
    chromiumSandbox: false,
    timeout: 30_000,
  });
}

/** Opens a file of this machine. */
export function openFile(browser: Browser, file: string, options: PageOptions = {}): Promise<WatchedPage> {
  const address = `file://${file}`;
  return open(browser, address, (url) => url.split('#')[0] === address, options);
}

/** Opens a page of a server, which may ask its own server alone. */
export function openAddress(
  browser: Browser,
  address: string,
  options: PageOptions = {},
): Promise<WatchedPage> {
  const { origin } = new URL(address);
  return open(browser, address, (url) => new URL(url).origin === origin, options);
}

async function open(
  browser: Browser,
  address: string,
  mayAsk: (url: string) => boolean,
  options: PageOptions,
): Promise<WatchedPage> {
  const page = await browser.newPage({
    viewport: options.viewport ?? { width: 1280, height: 860 },
    colorScheme: options.colorScheme ?? 'light',
  });
  // A machine that is busy with other things takes its time.
  page.setDefaultTimeout(45_000);
  const noise: string[] = [];
  page.on('console', (message) => noise.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => noise.push(`uncaught: ${error.message}`));
  page.on('dialog', (dialog) => {
    noise.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    if (!mayAsk(request.url())) noise.push(`asked for ${request.url()}`);
  });
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  const workMs = async (): Promise<number> => {
    const { metrics } = await session.send('Performance.getMetrics');
    return (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN) * 1_000;
  };
  const before = await workMs();
  await page.goto(`${address}${options.hash ?? ''}`);
  return { page, noise, busyMs: async () => (await workMs()) - before };
}

/** Keeps a picture of a page, which git does not. */
export async function picture(page: Page, name: string): Promise<void> {
  await mkdir(pictures, { recursive: true });
  await page.screenshot({ path: path.join(pictures, `${name}.png`), fullPage: true });
}

function definedOnly(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
