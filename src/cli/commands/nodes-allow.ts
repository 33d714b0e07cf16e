import { deadline, unary } from '../../client/call-failed.js';
import { hubServices } from '../../client/hub-services.js';
import type { AllowNodeResponse } from '../../gen/postern/v1/nodes.js';
import { type Invocation, requiredWord } from '../invocation.js';
import { withHub } from '../with-hub.js';

/** `postern nodes allow`. */
export async function run(invocation: Invocation): Promise<number> {
  const name = requiredWord(invocation, 0);
  await withHub(invocation, (connection) =>
    unary<AllowNodeResponse>((done) =>
      hubServices(connection).nodes.allowNode({ name }, connection.metadata(), deadline(), done),
    ),
  );
  invocation.streams.stderr.write(
    `node ${name} may join again: make a token with postern token create --join\n`,
  );
  return 0;
}
