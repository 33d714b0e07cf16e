import type { Browser } from 'playwright-core';
import { startBrowser } from '../../support/browser.js';
import { Fleet } from '../../support/fleet.js';
import type { RunningProcess } from '../../support/processes.js';

/** A hub to be killed, the node `attic`, and a browser with somebody's token. */
export interface Restarted {
  readonly fleet: Fleet;
  readonly up: RunningProcess;
  /** Address of the hub, where the next one is to listen too. */
  readonly hub: string;
  readonly token: string;
  readonly browser: Browser;
  stop(): Promise<void>;
}

/** Starts them. */
export async function startRestarted(): Promise<Restarted> {
  const fleet = await Fleet.make();
  const up = await fleet.up();
  const hub = await fleet.hubAddress();
  const server = await fleet.interopServer();
  await fleet.agent('attic', [server.address]);
  const token = await fleet.callerToken('looker', ['--role', 'operate']);
  const browser = await startBrowser();
  const stop = async () => {
    await browser.close();
    await fleet.stop();
  };
  return { fleet, up, hub, token, browser, stop };
}
