/** A client that opens a call in each phase, says that it is ready, and waits for its death. */
import { connect } from 'node:http2';
import { callPhases, enterPhase } from './call-phase.js';

const [address = '', metadata = '{}'] = process.argv.slice(2);
const parsed: unknown = JSON.parse(metadata);
const entries = Object.entries(typeof parsed === 'object' && parsed !== null ? parsed : {});
for (const phase of Object.keys(callPhases)) {
  const client = connect(`http://${address}`, { maxSessionMemory: 1_000 });
  await enterPhase(client, `/kill.S/${phase}`, Object.fromEntries(entries.map(([k, v]) => [k, String(v)])));
}
console.log(JSON.stringify({ ready: true }));
