import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { withoutBrowser } from '../../support/browser.js';
import { hubAway, onInspectorPage } from '../../support/inspector-page.js';
import { eventually } from '../../support/processes.js';
import { type Restarted, startRestarted } from './restarted.js';

/** A transition, as commands tell it. */
interface Kept {
  readonly id: string;
  readonly sequence: number;
  readonly to: string;
}

const skip = await withoutBrowser();

describe('the page of the inspector when its hub is killed', { skip }, () => {
  let stage: Restarted;
  before(async () => {
    stage = await startRestarted();
  });
  after(() => stage?.stop());

  /** What is kept of the link of the node. */
  const ofLink = async (): Promise<Kept[]> => {
    const { stdout } = await stage.fleet.postern(['inspect', 'link/attic', '-o', 'jsonl']);
    return stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
  };

  test('misses nothing that a machine did meanwhile', async () => {
    const { fleet, up, hub, token, browser } = stage;
    const before = await ofLink();
    const options = { hub, name: 'restart-machine', token, mayLog: hubAway };
    await onInspectorPage(browser, { ...options, at: `/machine/link/${before[0]?.id}` }, async (page) => {
      await page.getByText(`${before.length} known`).waitFor();
      up.signal('SIGKILL');
      await up.exited;
      await fleet.start(['up', '--listen', hub, '--metrics', '127.0.0.1:0']);
      const after = await eventually('the link is back', async () => {
        const kept = await ofLink();
        return kept.length > before.length + 2 && kept.at(-1)?.to === 'online' ? kept : undefined;
      });
      assert.deepEqual(
        after.map(({ sequence }) => sequence),
        after.map((_, i) => i),
      );
      await page.getByText(`${after.length} known`).waitFor();
    });
  });
});
