import { deadline, unary } from '../../client/call-failed.js';
import { hubServices } from '../../client/hub-services.js';
import type { ListTokensResponse, Token } from '../../gen/postern/v1/tokens.js';
import type { Invocation } from '../invocation.js';
import { listFormatOf } from '../list-format.js';
import { formatList, type RecordView } from '../records.js';
import { withHub } from '../with-hub.js';

const view: RecordView<Token> = {
  root: 'tokens',
  element: 'token',
  name: (token) => token.id,
  json: (token) => ({ ...token }),
  columns: [
    { title: 'ID', text: (token) => token.id },
    { title: 'KIND', text: (token) => token.kind },
    { title: 'FOR', text: (token) => token.subject },
    { title: 'STATE', text: (token) => token.state },
    { title: 'EXPIRES', text: (token) => new Date(token.expiresAtMs).toISOString() },
  ],
};

/** `postern token ls`. */
export async function run(invocation: Invocation): Promise<number> {
  const { tokens } = await withHub(invocation, (connection) =>
    unary<ListTokensResponse>((done) =>
      hubServices(connection).tokens.listTokens({}, connection.metadata(), deadline(), done),
    ),
  );
  invocation.streams.stdout.write(formatList(listFormatOf(invocation), view, tokens));
  return 0;
}
