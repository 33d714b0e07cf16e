import { spawn } from 'node:child_process';
import { deadline, unary } from '../../client/call-failed.js';
import { hubServices } from '../../client/hub-services.js';
import { findHub, type HubTarget } from '../../client/hub-target.js';
import { PosternError } from '../../errors.js';
import type { OpenStatelyResponse } from '../../gen/postern/v1/inspector.js';
import { hubChoiceOf } from '../hub-choice.js';
import type { Invocation } from '../invocation.js';
import { withHub } from '../with-hub.js';

/** Prints the link to the inspector's page, and opens it where that is wanted. */
export async function showPage(invocation: Invocation): Promise<number> {
  const { options, streams } = invocation;
  const target = await findHub(await hubChoiceOf(invocation));
  const page = pageAt(target);
  const withToken = options.flag('with-token');
  streams.stdout.write(`${withToken ? linkWithToken(page, target) : page}\n`);
  // The part behind # is for the page alone: browsers send it to nobody.
  if (options.flag('open')) await openBrowser(linkWithToken(page, target));
  return 0;
}

/** Prints where a tool that speaks Stately's inspection protocol may connect, once and within a minute. */
export function showStately(invocation: Invocation): Promise<number> {
  return withHub(invocation, async (connection) => {
    const { path } = await unary<OpenStatelyResponse>((done) =>
      hubServices(connection).inspector.openStately({}, connection.metadata(), deadline(), done),
    );
    const hub = pageAt(connection.target)
      .replace(/\/inspect$/, '')
      .replace(/^http/, 'ws');
    invocation.streams.stdout.write(`${hub}${path}\n`);
    return 0;
  });
}

/** Where the page of a hub is. Throws `USAGE`. */
export function pageAt({ address, tls }: Pick<HubTarget, 'address' | 'tls'>): string {
  if (!address.startsWith('unix:')) return `${tls === undefined ? 'http' : 'https'}://${address}/inspect`;
  throw new PosternError('USAGE', 'a browser does not reach a hub by a socket of the file system', {
    hint: 'say where it listens otherwise: --hub http://HOST:PORT',
    exitCode: 2,
  });
}

function linkWithToken(page: string, { token }: HubTarget): string {
  return token === undefined ? page : `${page}#token=${encodeURIComponent(token)}`;
}

/** Has the system's browser open a link. Throws `BROWSER_MISSING`. */
function openBrowser(link: string): Promise<void> {
  const opener = process.platform === 'darwin' ? 'open' : 'xdg-open';
  return new Promise((resolve, reject) => {
    const child = spawn(opener, [link], { detached: true, stdio: 'ignore' });
    child.on('error', (cause) =>
      reject(
        new PosternError('BROWSER_MISSING', `${opener} cannot be started`, {
          hint: 'open the link by hand, and paste a token there, or ask for a link with one: --with-token',
          cause,
        }),
      ),
    );
    child.on('spawn', () => {
      child.unref();
      resolve();
    });
  });
}
