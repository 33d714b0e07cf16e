/**
 * A client with a call in each phase: `node client.js HOST:PORT NODE TOKEN`. Once they are open it says which they are,
 * then whenever its flow has gone on what is wrong with any of them.
 */
import { Caller, methods } from './caller.js';

const [address = '', node = '', token = ''] = process.argv.slice(2);
const caller = new Caller(address, node, token);
const calls = methods.map((method) => caller.open(method));
const flow = calls.find(({ method }) => method === 'Flow');
let told = 0;

setInterval(() => {
  const messages = flow?.messages ?? 0;
  if (messages === told) return;
  if (told === 0)
    process.stdout.write(`${JSON.stringify({ ready: true, ids: calls.map(({ id }) => id) })}\n`);
  told = messages;
  const wrong = calls.flatMap((call) => call.wrong ?? []);
  const ended = calls.flatMap(({ end }) => (end === undefined ? [] : [`${end.code} ${end.message}`]));
  process.stdout.write(`${JSON.stringify({ messages, wrong, ended })}\n`);
}, 50);
