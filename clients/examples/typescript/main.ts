import type { ServiceError } from '@grpc/grpc-js';
import { type Caller, confirm, nodes, register, security, start, watch, why } from './hub.js';

const { env } = process;
const caller: Caller = {
  address: env.POSTERN_HUB ?? '127.0.0.1:9090',
  security: security(env.POSTERN_HUB_CA),
  token: env.POSTERN_TOKEN ?? '',
  seconds: Number(env.DEADLINE_SECONDS ?? 10),
};

async function main(command?: string, argument = '', code = ''): Promise<void> {
  if (command === 'nodes') console.log((await nodes(caller)).join('\n'));
  else if (command === 'start') console.log(await start(caller, argument));
  else if (command === 'watch') {
    let left = Number(argument);
    for await (const line of watch(caller)) {
      console.log(line);
      if (left-- === 0) break;
    }
  } else if (command === 'register') {
    const answer = await register(caller, argument);
    const { theVerifyCodeTheUserNeedToSendBack: own, theEmailTheUserNeedToSendVerifyCodeTo: to } = answer;
    console.log(answer.error ?? `${own} ${to}`.trim());
  } else if (command === 'confirm') {
    const answer = await confirm(caller, argument, code);
    console.log(answer.error ?? answer.jwt);
  } else throw new Error('usage: nodes | start NODE | watch EVENTS | register EMAIL | confirm EMAIL CODE');
}

function isServiceError(thrown: unknown): thrown is ServiceError {
  return thrown instanceof Error && 'metadata' in thrown && 'details' in thrown;
}

try {
  await main(...process.argv.slice(2));
} catch (thrown) {
  console.error(isServiceError(thrown) ? why(thrown) : thrown);
  process.exitCode = 1;
}
