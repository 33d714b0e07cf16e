/** An agent with a guardian, and nothing else: says the guardian's process id when that watches, and stays until it is killed. */
import { GuardianLink } from '../../../src/agent/faults/guardian-link.js';
import { testLog } from '../../support/nats.js';

const [, , directory = '', owner = ''] = process.argv;
const guardian = new GuardianLink({ directory, owner }, testLog);
await guardian.watch();
process.stdout.write(`${guardian.pid}\n`);
setInterval(() => {}, 60_000);
