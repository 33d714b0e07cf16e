import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Demo } from './context.js';
import { endProcess } from './world.js';

/** Breaks what shall be broken, when all is up. What a sabotage breaks elsewhere is not done here. */
export function breakOnPurpose(demo: Demo): void {
  const { stage, world, sabotage } = demo;
  if (sabotage === '') return;
  stage.part(`BREAK=${sabotage}`);
  switch (sabotage) {
    case 'kill-server':
      demo.interop.signal('SIGKILL');
      break;
    case 'kill-agent':
      demo.interopAgent.signal('SIGKILL');
      break;
    case 'freeze-agent':
      demo.interopAgent.signal('SIGSTOP');
      break;
    case 'kill-hub':
      demo.up.signal('SIGKILL');
      killNats(world.data);
      break;
    case 'kill-nats':
      // The hub starts it again, so once would not do.
      setInterval(() => killNats(world.data), 100).unref();
      killNats(world.data);
      break;
    case 'leave-process':
      spawn('sleep', ['600'], {
        env: { ...process.env, [world.mark.name]: world.mark.value },
        stdio: 'ignore',
        detached: true,
      }).unref();
      break;
    case 'flip-byte':
    case 'wrong-token':
    case 'kill-proxy':
    case 'around-proxy':
    case 'wrong-authority':
    case 'drop-result':
      break;
  }
}

function killNats(data: string): void {
  try {
    endProcess(Number(readFileSync(path.join(data, 'nats/nats.pid'), 'utf8')));
  } catch {
    // It is just being started.
  }
}
