import type { Browser } from 'playwright-core';
import { startBrowser } from '../../support/browser.js';
import { Fleet } from '../../support/fleet.js';

/** A hub to be killed, the node `attic`, and a browser with somebody's token. */
export interface Restarted {
  readonly fleet: Fleet;
  /** Address of the hub, where the next one is to listen too. */
  readonly hub: string;
  readonly token: string;
  readonly browser: Browser;
  /** Kills the hub, and resolves when its process is gone. */
  kill(): Promise<void>;
  /** Starts the hub again, and resolves when it listens. */
  startAgain(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts them. */
export async function startRestarted(): Promise<Restarted> {
  const fleet = await Fleet.make();
  let up = await fleet.up();
  const hub = await fleet.hubAddress();
  const server = await fleet.interopServer();
  await fleet.agent('attic', [server.address]);
  const token = await fleet.callerToken('looker', ['--role', 'operate']);
  const browser = await startBrowser();
  const kill = async () => {
    up.signal('SIGKILL');
    await up.exited;
  };
  const startAgain = async () => {
    up = await fleet.start(['up', '--listen', hub, '--metrics', '127.0.0.1:0']);
  };
  const stop = async () => {
    await browser.close();
    await fleet.stop();
  };
  return { fleet, hub, token, browser, kill, startAgain, stop };
}
