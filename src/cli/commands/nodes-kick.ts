import { deadline, unary } from '../../client/call-failed.js';
import { hubServices } from '../../client/hub-services.js';
import type { KickNodeResponse } from '../../gen/postern/v1/nodes.js';
import { type Invocation, requiredWord } from '../invocation.js';
import { withHub } from '../with-hub.js';

/** `postern nodes kick`. */
export async function run(invocation: Invocation): Promise<number> {
  const name = requiredWord(invocation, 0);
  const instance = invocation.words[1] ?? '';
  const barMs = Math.ceil(invocation.options.durationMs('duration') ?? 0);
  return withHub(invocation, async (connection) => {
    const { instances } = await unary<KickNodeResponse>((done) =>
      hubServices(connection).nodes.kickNode(
        { name, instance, barMs },
        connection.metadata(),
        deadline(),
        done,
      ),
    );
    const ended =
      instances.length === 0 ? 'had no session' : `was kicked; sessions ended: ${instances.join(', ')}`;
    const again = barMs === 0 ? 'it may come again' : `it may come again in ${Math.ceil(barMs / 1000)} s`;
    invocation.streams.stderr.write(`node ${name} ${ended}; ${again}\n`);
    return 0;
  });
}
