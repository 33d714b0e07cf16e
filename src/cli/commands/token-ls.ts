import { deadline, unary } from '../../client/call-failed.js';
import { hubServices } from '../../client/hub-services.js';
import type { ListTokensResponse } from '../../gen/postern/v1/tokens.js';
import type { Invocation } from '../invocation.js';
import { listFormatOf } from '../list-format.js';
import { formatList } from '../records.js';
import { tokenView } from '../token-view.js';
import { withHub } from '../with-hub.js';

/** `postern token ls`. */
export async function run(invocation: Invocation): Promise<number> {
  const { tokens } = await withHub(invocation, (connection) =>
    unary<ListTokensResponse>((done) =>
      hubServices(connection).tokens.listTokens({}, connection.metadata(), deadline(), done),
    ),
  );
  invocation.streams.stdout.write(formatList(listFormatOf(invocation), tokenView, tokens));
  return 0;
}
