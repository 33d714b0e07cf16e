import { status } from '@grpc/grpc-js';
import {
  ReplicationServiceRegisterGroup_Reply,
  ReplicationServiceRegisterGroup_Request,
  ServicesTokenList_Reply,
  ServicesTokenList_Request,
} from '../../../gen/berty/messenger/v1/messenger.js';
import {
  AuthServiceCompleteFlow_Reply,
  AuthServiceCompleteFlow_Request,
  AuthServiceInitFlow_Reply,
  AuthServiceInitFlow_Request,
  ServicesTokenList_Reply as OldServicesTokenList_Reply,
} from '../../../gen/weshnet/protocol/v1/types.js';
import type { GroupRef, ServiceToken, ServiceTokens } from '../adapter.js';
import { type Channel, daemonError, isServiceError, type MessageType } from './channel.js';
import { messengerService } from './dialect.js';

/** At most so many tokens of a daemon are looked at. */
const mostTokens = 1_024;

/** What both forms of a listed token say. */
interface ListedToken {
  readonly tokenId: string;
  readonly service?:
    | {
        readonly authenticationUrl: string;
        readonly supportedServices: readonly { readonly serviceType: string }[];
        readonly expiration: number;
      }
    | undefined;
}

/**
 * The service tokens of Berty's daemons. From v2.470 on the messenger has these methods, before that the protocol service of
 * the daemon's form has them; only a listed token is numbered otherwise there. The group is registered by the messenger in all versions.
 */
export class BertyServiceTokens implements ServiceTokens {
  readonly #channel: Channel;
  readonly #protocol: () => string;

  /** `protocol`: full name of the protocol service, as the daemon was found to serve it. */
  constructor(channel: Channel, protocol: () => string) {
    this.#channel = channel;
    this.#protocol = protocol;
  }

  async beginFlow(authUrl: string, services: readonly string[], signal: AbortSignal): Promise<string> {
    const request = { authUrl, services: [...services] };
    const asked = { type: AuthServiceInitFlow_Request, request };
    const { url } = await this.#unary('AuthServiceInitFlow', asked, AuthServiceInitFlow_Reply, signal);
    return url;
  }

  async completeFlow(callbackUrl: string, signal: AbortSignal): Promise<string> {
    const asked = { type: AuthServiceCompleteFlow_Request, request: { callbackUrl } };
    const answer = AuthServiceCompleteFlow_Reply;
    const { tokenId } = await this.#unary('AuthServiceCompleteFlow', asked, answer, signal);
    return tokenId;
  }

  list(signal: AbortSignal): Promise<readonly ServiceToken[]> {
    return this.#withEither((service) =>
      service === messengerService
        ? this.#listOf(service, ServicesTokenList_Reply, signal)
        : this.#listOf(service, OldServicesTokenList_Reply, signal),
    );
  }

  async register(tokenId: string, group: GroupRef, signal: AbortSignal): Promise<void> {
    const request = { tokenId, conversationPublicKey: group.id };
    const path = `/${messengerService}/ReplicationServiceRegisterGroup`;
    const asked = { type: ReplicationServiceRegisterGroup_Request, request };
    try {
      await this.#channel.unary(path, asked, ReplicationServiceRegisterGroup_Reply, signal);
    } catch (thrown) {
      throw daemonError(thrown, this.#channel.address, `refused ${path}`);
    }
  }

  #unary<Q, A>(
    method: string,
    asked: { readonly type: MessageType<Q>; readonly request: Q },
    answer: MessageType<A>,
    signal: AbortSignal,
  ): Promise<A> {
    return this.#withEither((service) => this.#channel.unary(`/${service}/${method}`, asked, answer, signal));
  }

  /** Asks the messenger, and the protocol service where that does not know the method. */
  async #withEither<A>(ask: (service: string) => Promise<A>): Promise<A> {
    try {
      return await ask(messengerService);
    } catch (thrown) {
      if (!isServiceError(thrown) || thrown.code !== status.UNIMPLEMENTED) throw this.#error(thrown);
    }
    try {
      return await ask(this.#protocol());
    } catch (thrown) {
      throw this.#error(thrown);
    }
  }

  #error(thrown: unknown): Error {
    return daemonError(thrown, this.#channel.address, 'did not do what was asked about service tokens');
  }

  async #listOf(
    service: string,
    reply: MessageType<ListedToken>,
    signal: AbortSignal,
  ): Promise<readonly ServiceToken[]> {
    const path = `/${service}/ServicesTokenList`;
    const asked = { type: ServicesTokenList_Request, request: {} };
    const stream = this.#channel.stream(path, asked, reply);
    const cancel = (): void => stream.cancel();
    signal.addEventListener('abort', cancel, { once: true });
    if (signal.aborted) cancel();
    const tokens: ServiceToken[] = [];
    try {
      for await (const message of stream) {
        const { tokenId, service: said }: ListedToken = message;
        if (said === undefined || tokens.length >= mostTokens) continue;
        tokens.push({
          id: tokenId,
          authUrl: said.authenticationUrl,
          services: said.supportedServices.map(({ serviceType }) => serviceType),
          expiresAt: said.expiration > 0 ? said.expiration : undefined,
        });
      }
    } finally {
      signal.removeEventListener('abort', cancel);
      cancel();
    }
    return tokens;
  }
}
