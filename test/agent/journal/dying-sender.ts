/**
 * `sendTen` in a process that dies by SIGKILL at a step: `node dying-sender.js DIRECTORY DAEMON_LOG STEP`.
 */
import { sendTen } from './sender.js';

const [directory = '', daemonLog = '', place = ''] = process.argv.slice(2);
let steps = 0;
await sendTen(directory, daemonLog, () => {
  if (++steps === Number(place)) process.kill(process.pid, 'SIGKILL');
});
