import { deadline, unary } from '../../client/call-failed.js';
import { hubServices } from '../../client/hub-services.js';
import type { TestRouteResponse } from '../../gen/postern/v1/routes.js';
import type { Invocation } from '../invocation.js';
import { withHub } from '../with-hub.js';

/** `postern routes test`. */
export async function run(invocation: Invocation): Promise<number> {
  const { options, streams } = invocation;
  const request = {
    listener: options.text('listener') ?? '',
    host: options.text('host') ?? '',
    path: options.text('path') ?? '/',
    http: options.text('kind') === 'http',
  };
  const decided = await withHub(invocation, (connection) =>
    unary<TestRouteResponse>((done) =>
      hubServices(connection).routes.testRoute(request, connection.metadata(), deadline(), done),
    ),
  );
  streams.stdout.write(`${textOf(decided)}\n`);
  return 0;
}

function textOf({ kind, row, to, path }: TestRouteResponse): string {
  const by = row === undefined ? '' : `row ${row.number} (${row.name}): `;
  switch (kind) {
    case 'node':
      return `${row === undefined ? 'the domain: ' : by}node ${to}`;
    case 'service':
      return `${by}${to}, path ${path}, ${row?.access === 'public' ? 'for everybody' : 'with a token'}`;
    case 'hub':
      return 'no row: the hub itself';
    default:
      return `${by}refused: ${to}`;
  }
}
