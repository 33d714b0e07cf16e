import { keysPath } from '../../auth/assertion.js';
import { loadOrCreateServiceKey, type ServiceKey } from '../../auth/service-key.js';
import { signServiceToken } from '../../auth/service-tokens.js';
import type { Logger } from '../../log.js';
import { TlsIdentity } from '../../wire/tls-identity.js';
import { type AuthorizeRequest, callbackUrl, readAuthorize } from './authorize-request.js';
import { Codes } from './codes.js';
import type { TokenServerConfig } from './config.js';
import { Consent, consentField, isForeign } from './consent.js';
import { type Answer, type Asked, openDoor, plain } from './door.js';
import { exchange } from './exchange-request.js';
import { Fields } from './form.js';
import { consentPage, leadingPage } from './pages.js';
import { Rates } from './rates.js';

/** Open requests may go on for so long when the server stops, in milliseconds. */
const drainMs = 2_000;

/** A token server that serves. */
export interface RunningTokenServer {
  /** Where it listens, with the real port. */
  readonly listen: string;
  /** Ed25519, base64url: what replication nodes check tokens with. */
  readonly publicKey: string;
  stop(): Promise<void>;
}

/**
 * Starts a token server: OAuth 2 with codes and PKCE (RFC 6749 §4.1, RFC 7636), as Berty's daemons expect it. Throws
 * `DATA_UNUSABLE`, `KEY_INVALID`, `TLS_FILE_UNREADABLE`, `TLS_FILE_INVALID`, `PORT_IN_USE`, `LISTEN_DENIED`, `LISTEN_FAILED`.
 */
export async function startTokenServer(config: TokenServerConfig, log: Logger): Promise<RunningTokenServer> {
  const key = await loadOrCreateServiceKey(config.keyFile);
  const tls = config.tls === undefined ? undefined : await TlsIdentity.load(config.tls, log);
  const server = new TokenServer(config, key, log);
  const rates = new Rates();
  try {
    const door = await openDoor(
      { listen: config.listen, tls },
      { answer: (asked) => server.answer(asked), admits: (address) => rates.admits(address), log },
    );
    const [listen = ''] = door.addresses;
    return {
      listen,
      publicKey: key.publicKey,
      stop: async () => {
        await door.drain(drainMs);
        tls?.stop();
      },
    };
  } catch (thrown) {
    tls?.stop();
    throw thrown;
  }
}

class TokenServer {
  readonly #config: TokenServerConfig;
  readonly #key: ServiceKey;
  readonly #codes: Codes;
  readonly #consent = new Consent();
  readonly #log: Logger;

  constructor(config: TokenServerConfig, key: ServiceKey, log: Logger) {
    this.#config = config;
    this.#key = key;
    this.#codes = new Codes(config.codeMs);
    this.#log = log;
  }

  async answer(asked: Asked): Promise<Answer> {
    const { method, path } = asked;
    if (path === '/authorize') {
      return method === 'GET' || method === 'POST' ? this.#authorize(asked) : notAllowed('GET, POST');
    }
    if (path === '/oauth/token') return method === 'POST' ? this.#exchange(asked) : notAllowed('POST');
    if (path !== keysPath) return plain(404, 'there is nothing here');
    return method === 'GET' ? json(200, this.#key.publicKeys) : notAllowed('GET');
  }

  #authorize({ method, query, contentType, sender, body }: Asked): Answer {
    const { services, noClick } = this.#config;
    const read = readAuthorize(new Fields(query), this.#config);
    if ('error' in read) {
      const { error, description: error_description, redirect, state } = read;
      this.#log.info({ error, why: error_description }, 'no code was given');
      if (!redirect) return json(400, JSON.stringify({ error, error_description }));
      return leading(callbackUrl({ error, error_description, state }), 'This did not work.');
    }
    if (noClick) return this.#giveCode(read);
    if (method === 'GET') {
      const offered = read.scope.map((name) => [name, services.get(name) ?? ''] as const);
      return html(consentPage(read.client, offered, [consentField, this.#consent.markFor(read)]));
    }
    if (contentType !== formType) return plain(415, `the form has the content type ${formType}`);
    const form = new Fields(body);
    if (isForeign(sender)) return this.#notHere('the form was sent from a page of another place');
    if (!this.#consent.isFor(read, form.once(consentField) ?? '')) {
      return this.#notHere('the form is not of the page about this request, or too old: open the link again');
    }
    const scope = read.scope.filter((name) => form.once(`${name}_selected`) === '1');
    if (scope.length > 0) return this.#giveCode({ ...read, scope });
    const refusal = {
      error: 'access_denied',
      error_description: 'no service was selected',
      state: read.state,
    };
    return leading(callbackUrl(refusal), 'No service was selected.');
  }

  /** Whoever has sent the form is told here, and the app is not: nobody has asked it. */
  #notHere(why: string): Answer {
    this.#log.warn({ why }, 'no code was given');
    return plain(403, why);
  }

  #giveCode({ client, challenge, scope, state }: AuthorizeRequest): Answer {
    const code = this.#codes.issue({ client, challenge, scope });
    if (code !== undefined) return leading(callbackUrl({ code, state }), 'The services are connected.');
    this.#log.warn('too many codes wait to be exchanged');
    const error_description = 'too many codes wait to be exchanged';
    return leading(
      callbackUrl({ error: 'temporarily_unavailable', error_description, state }),
      'Try again in a minute.',
    );
  }

  async #exchange({ contentType, body }: Asked): Promise<Answer> {
    const refuse = (error: string, error_description: string): Answer => {
      this.#log.info({ error, why: error_description }, 'no token was given');
      return json(400, JSON.stringify({ error, error_description }));
    };
    if (contentType !== formType)
      return refuse('invalid_request', `the form has the content type ${formType}`);
    const { clients, services: offered, tokenMs } = this.#config;
    const read = exchange(new Fields(body), { codes: this.#codes, clients });
    if ('error' in read) return refuse(read.error, read.description);
    const { client, scope } = read;
    const services = Object.fromEntries(scope.map((name) => [name, offered.get(name) ?? '']));
    const expiresAt = Math.floor((Date.now() + tokenMs) / 1000);
    const answer = {
      access_token: await signServiceToken(this.#key, { client, services, expiresAt }),
      token_type: 'bearer',
      expires_in: Math.floor(tokenMs / 1000),
      scope: scope.join(','),
      services,
    };
    this.#log.info({ client, scope: answer.scope }, 'a token was given');
    return json(200, JSON.stringify(answer));
  }
}

const formType = 'application/x-www-form-urlencoded';

/** Leads on to the app: the field is for programs, the page for people. */
function leading(url: string, message: string): Answer {
  const { body, fields } = html(leadingPage(url, message));
  return { status: 200, fields: { ...fields, 'x-auth-redirect': url }, body };
}

function html(body: string): Answer {
  return { status: 200, fields: { 'content-type': 'text/html; charset=utf-8' }, body };
}

function json(status: number, body: string): Answer {
  return { status, fields: { 'content-type': 'application/json' }, body };
}

function notAllowed(allow: string): Answer {
  return plain(405, 'this method is not for this path', { allow });
}
