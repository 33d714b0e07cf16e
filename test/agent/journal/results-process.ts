/**
 * One part of a way that results go, as a process that can be killed: `node results-process.js JSON`. As `hub` it takes what
 * agents hand over; as `agent` it hands over the journals of a directory. An agent prints, now and then, how many records
 * are handed over and how much its memory has grown since it was connected.
 */
import { z } from 'zod';
import { Drains } from '../../../src/agent/journal/drains.js';
import { connectBus } from '../../../src/bus/connect.js';
import { ResultsKeeper } from '../../../src/hub/results/keeper.js';
import { createLogger } from '../../../src/log.js';
import { openShelf } from './stage.js';

const given = z
  .object({
    role: z.enum(['hub', 'agent']),
    url: z.string(),
    publicKey: z.string(),
    jwt: z.string(),
    seed: z.string(),
    directory: z.string(),
  })
  .parse(JSON.parse(process.argv[2] ?? ''));

const { role, url, publicKey, directory, jwt, seed } = given;
const log = createLogger('silent');
const bus = await connectBus({
  servers: [url],
  identity: role === 'hub' ? { role, publicKey } : { role, node: 'n1', publicKey },
  credentials: () => ({ jwt, seed }),
  name: role,
  log,
  firstConnect: 'wait',
});
if (role === 'hub') {
  new ResultsKeeper({ bus, log }).start();
} else {
  const shelf = await openShelf(directory);
  const drains = new Drains({ shelf, node: 'n1', key: publicKey, log });
  const [journal] = shelf.all();
  const before = process.memoryUsage.rss();
  drains.use(bus);
  let grown = 0;
  setInterval(() => {
    grown = Math.max(grown, process.memoryUsage.rss() - before);
    const drained = journal === undefined ? 0 : drains.drained(journal);
    process.stdout.write(`${JSON.stringify({ drained, safe: journal?.safe, grownMb: grown / 2 ** 20 })}\n`);
  }, 100);
}
process.stdout.write('{"ready":true}\n');
