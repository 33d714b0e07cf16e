import type { DescMethod, JsonValue } from '@bufbuild/protobuf';
import { Client, credentials, Metadata, status } from '@grpc/grpc-js';
import type { DaemonIdentity } from '../../../../machines/daemon.js';
import { jsonMessage } from '../../../client/codecs/message-text.js';
import { type DescriptorSource, findMethod } from '../../../client/descriptors.js';
import { callDynamic } from '../../../client/dynamic-call.js';
import { MessageJson } from '../../../client/message-json.js';
import { reflectionSource } from '../../../client/reflection-source.js';
import { errorText, PosternError } from '../../../errors.js';
import type { Capabilities, DaemonAdapter, GroupRef, Receipt, Receiving, SendOutcome } from '../adapter.js';
import { sendOutcome } from '../send-outcome.js';
import { filled } from './template.js';

/** The method that is the workload. */
export interface GrpcWorkload {
  /** `package.Service/Method`, of any kind; types come by reflection. */
  readonly method: string;
  /** The request in JSON; `{{body}}` within its strings is the message, `{{body:base64}}` the same for bytes. */
  readonly request: JsonValue;
}

/** What is known of the method. */
interface Learned {
  readonly source: DescriptorSource;
  readonly method: DescMethod;
  readonly messages: MessageJson;
}

/**
 * Makes a workload of one method of any gRPC server: each message is a call, which is well sent when it ends with OK. There
 * are no groups, and nothing is received.
 */
export class GrpcAdapter implements DaemonAdapter {
  readonly capabilities: Capabilities = { groups: false, media: false };
  readonly #address: string;
  readonly #workload: GrpcWorkload;
  readonly #client: Client;
  #learned: Learned | undefined;

  /** `address`: where the server listens, `HOST:PORT`. */
  constructor(address: string, workload: GrpcWorkload) {
    this.#address = address;
    this.#workload = workload;
    this.#client = new Client(address, credentials.createInsecure(), {
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 2_000,
      'grpc.use_local_subchannel_pool': 1,
    });
  }

  async identify(signal: AbortSignal): Promise<DaemonIdentity> {
    this.#forget();
    const source = reflectionSource(this.#client, new Metadata());
    const abandon = (): void => source.close();
    signal.addEventListener('abort', abandon, { once: true });
    try {
      if (signal.aborted) throw this.#unreachable('nobody waits any more');
      const { method, registry } = await findMethod(source, this.#workload.method);
      const messages = new MessageJson(source, registry, { emitDefaults: false });
      await messages.encode(method.input, filled(this.#workload.request, new Uint8Array()));
      this.#learned = { source, method, messages };
      return { dialect: 'grpc', peer: this.#address };
    } catch (thrown) {
      source.close();
      if (thrown instanceof PosternError && thrown.code !== 'CALL_FAILED') throw thrown;
      throw this.#unreachable(errorText(thrown));
    } finally {
      signal.removeEventListener('abort', abandon);
    }
  }

  async send(_group: GroupRef, body: Uint8Array, signal: AbortSignal): Promise<SendOutcome> {
    const learned = this.#learned;
    if (learned === undefined) {
      return {
        outcome: 'fail',
        code: 'NOT_PROBED',
        message: `the server at ${this.#address} was not asked yet`,
        wasOffered: false,
      };
    }
    const { method, messages } = learned;
    try {
      const request = jsonMessage(filled(this.#workload.request, body));
      const end = await callDynamic({
        client: this.#client,
        method,
        metadata: new Metadata(),
        messages,
        requests: once(request),
        deadlineMs: Number.POSITIVE_INFINITY,
        signal,
        onHead: () => {},
        onMessage: () => {},
      });
      if (end.code === status.OK) return { outcome: 'ok', id: '' };
      return sendOutcome(end.code, end.details, `${this.#workload.method} ended with ${end.details}`);
    } catch (thrown) {
      const code = thrown instanceof PosternError ? thrown.code : 'UNKNOWN';
      const told = { code, message: errorText(thrown) };
      // A message that does not fit was never sent.
      return code === 'MESSAGE_INVALID'
        ? { outcome: 'fail', ...told, wasOffered: false }
        : { outcome: 'info', ...told };
    }
  }

  async sendImage(): Promise<SendOutcome> {
    const { code, message } = unsupported();
    return { outcome: 'fail', code, message, wasOffered: false };
  }

  createGroup(): Promise<GroupRef> {
    return Promise.reject(unsupported());
  }

  invite(): Promise<Uint8Array> {
    return Promise.reject(unsupported());
  }

  join(): Promise<GroupRef> {
    return Promise.reject(unsupported());
  }

  membership(): Promise<never> {
    return Promise.reject(unsupported());
  }

  ready(): Promise<void> {
    return Promise.reject(unsupported());
  }

  receive(): Receiving {
    throw unsupported();
  }

  read(): AsyncIterable<Receipt> {
    throw unsupported();
  }

  close(): void {
    this.#forget();
    this.#client.close();
  }

  #forget(): void {
    this.#learned?.source.close();
    this.#learned = undefined;
  }

  #unreachable(why: string): PosternError {
    return new PosternError(
      'DAEMON_UNREACHABLE',
      `the server at ${this.#address} did not say what it is: ${why}`,
      {
        hint: 'is it running, does it listen there, and does it serve reflection?',
      },
    );
  }
}

async function* once<T>(value: T): AsyncGenerator<T> {
  yield value;
}

function unsupported(): PosternError {
  return new PosternError(
    'UNSUPPORTED',
    'a server of plain calls has no groups and no images, and tells nothing by itself',
  );
}
