/** An agent that asks its guardian again and again whether it watches, and never hears the answer: it is killed meanwhile. */
import { fork } from 'node:child_process';

const [, , guardian = '', directory = '', owner = ''] = process.argv;
const child = fork(guardian, [directory, owner], {
  detached: true,
  stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
});
child.once('message', () => {
  process.stdout.write(`${child.pid}\n`, () => {
    // the guardian stands still while it is asked, so that it answers when nobody is there any more
    if (child.pid !== undefined) process.kill(child.pid, 'SIGSTOP');
    for (let i = 0; i < 100; i += 1) child.send('look');
    process.stdout.write('asked\n');
  });
});
child.send('look');
