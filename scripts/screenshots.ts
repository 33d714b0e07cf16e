/** Takes the pictures of the inspector's page that README.md shows, from a real hub with real agents. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { openAddress, startBrowser } from '../test/support/browser.js';
import { Fleet } from '../test/support/fleet.js';
import { checkoutRoot } from '../test/support/processes.js';

const folder = path.join(checkoutRoot, 'docs/img');
/** Names of nodes, with their labels. */
const nodes: readonly (readonly [name: string, labels: readonly string[]])[] = [
  ['attic', ['floor=3', 'site=berlin']],
  ['barn', ['site=uckermark']],
  ['cellar', ['floor=-1', 'site=berlin']],
  ['greenhouse', ['site=uckermark', 'power=solar']],
  ['lighthouse', ['site=rostock']],
  ['mill', ['power=wind', 'site=uckermark']],
];

const fleet = await Fleet.make();
try {
  await mkdir(folder, { recursive: true });
  await fleet.up();
  const server = await fleet.interopServer();
  const agents = new Map<string, Awaited<ReturnType<Fleet['agent']>>>();
  for (const [name, labels] of nodes) {
    const extra = labels.flatMap((label) => ['--label', label]);
    agents.set(name, await fleet.agent(name, [server.address], extra));
  }
  const token = await fleet.callerToken('operator', ['--role', 'operate']);
  const unary = 'grpc.testing.TestService/UnaryCall';
  const slow = ['-d', '{"responseSize":10}', '--max-time', '20'];
  await fleet.postern(['call', 'attic', unary, ...slow]);
  agents.get('lighthouse')?.signal('SIGKILL');
  await agents.get('mill')?.stop();

  const browser = await startBrowser();
  try {
    const take = async (
      at: string,
      name: string,
      height: number,
      ready: (page: Page) => Promise<unknown>,
    ) => {
      const { page } = await openAddress(browser, `http://${await fleet.hubAddress()}/inspect${at}`, {
        hash: `#token=${token}`,
        viewport: { width: 1280, height },
      });
      await ready(page);
      const file = path.join(folder, `${name}.png`);
      await page.screenshot({ path: file });
      await page.close();
      process.stdout.write(`${path.relative(checkoutRoot, file)}\n`);
    };
    await take('/fleet?node=cellar', 'fleet', 640, async (page) => {
      await page.locator('tbody tr', { hasText: 'lighthouse' }).filter({ hasText: 'lost' }).waitFor();
      await page.getByRole('complementary').getByRole('button', { name: 'drain' }).first().waitFor();
    });
    await take('/machine/node/lighthouse', 'machine', 760, async (page) => {
      await page.locator('svg g').first().waitFor();
      await page.getByText('lost').first().waitFor();
      await page.evaluate('new Promise((done) => setTimeout(done, 2500))');
    });
  } finally {
    await browser.close();
  }
} finally {
  await fleet.stop();
}
