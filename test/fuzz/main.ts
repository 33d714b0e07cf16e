/**
 * `node --expose-gc main.js INPUTS SEED [TARGET…]`: records real traffic, then feeds mutations of it to each parser.
 * Prints one line of JSON for each target.
 */
import { errorText, PosternError } from '../../src/errors.js';
import { recordTraffic } from './record.js';
import { runTarget } from './run-target.js';
import type { MakeTarget } from './target.js';
import { descriptors, reflection } from './targets/descriptors.js';
import { exchange } from './targets/exchange.js';
import { bodies, frames } from './targets/frames.js';
import { firstBytes, listener } from './targets/front.js';
import { webBodies } from './targets/grpc-web.js';
import { grpcMessages, headers, timeouts } from './targets/headers.js';
import { busJson, hubFiles } from './targets/json.js';
import { forwardedFor, proxyHeaders } from './targets/proxies.js';
import { tokenClaims, tokenPatterns } from './targets/token-claims.js';
import { callerTokens, joinTokens } from './targets/tokens.js';

const targets: Readonly<Record<string, MakeTarget>> = {
  frames,
  bodies,
  exchange,
  timeouts,
  'grpc-message': grpcMessages,
  headers,
  'first-bytes': firstBytes,
  'proxy-protocol': proxyHeaders,
  forwarded: forwardedFor,
  listener,
  'grpc-web': webBodies,
  'join-tokens': joinTokens,
  'caller-tokens': callerTokens,
  'token-claims': tokenClaims,
  'token-patterns': tokenPatterns,
  'bus-json': busJson,
  'hub-file': hubFiles,
  reflection,
  descriptors,
};

async function main([inputs = '', seed = '', ...only]: readonly string[]): Promise<void> {
  const collect = globalThis.gc;
  if (collect === undefined) throw new PosternError('USAGE', 'run it with --expose-gc');
  const corpus = await recordTraffic();
  for (const [name, make] of Object.entries(targets)) {
    if (only.length > 0 && !only.includes(name)) continue;
    const result = await runTarget(
      name,
      await make(corpus),
      Number(inputs),
      Number(seed),
      () => void collect(),
    );
    process.stdout.write(`${JSON.stringify(result)}
`);
  }
}

try {
  await main(process.argv.slice(2));
  process.exit(0);
} catch (thrown) {
  process.stderr.write(`${thrown instanceof Error ? thrown.stack : errorText(thrown)}\n`);
  process.exit(1);
}
