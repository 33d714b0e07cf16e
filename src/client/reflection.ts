import { type Client, type Metadata, status } from '@grpc/grpc-js';
import { PosternError } from '../errors.js';
import { CallFailed } from './call-failed.js';
import { type CallStatus, openRawCall, type RawCall, statusOf } from './raw-call.js';
import {
  decodeAnswer,
  encodeQuestion,
  type ReflectionAnswer,
  type ReflectionQuestion,
} from './reflection-messages.js';

/** The newer name first; both mean the same. */
const servicePaths = [
  '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
  '/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo',
];

/** One server's reflection, on one stream, questions one after another. */
export interface Reflection {
  /** Throws `REFLECTION_FAILED`, `REFLECTION_MISSING`. An `error` answer of the server is returned. */
  ask(question: ReflectionQuestion): Promise<ReflectionAnswer>;
  close(): void;
}

/** The reflection of whoever answers calls with this metadata. Nothing is sent before the first question. */
export function openReflection(client: Client, metadata: Metadata, deadlineMs?: number): Reflection {
  let version = 0;
  let stream: ReflectionStream | undefined;
  let last: Promise<unknown> = Promise.resolve();

  async function askNow(question: ReflectionQuestion): Promise<ReflectionAnswer> {
    for (;;) {
      const path = servicePaths[version];
      if (path === undefined) {
        throw new PosternError('REFLECTION_MISSING', 'the server offers no reflection', {
          hint: 'give its types with --proto FILE --import-path DIR, or with --protoset FILE',
        });
      }
      stream ??= openStream(openRawCall(client, path, metadata.clone(), deadlineMs));
      const answer = await stream.ask(question);
      if ('kind' in answer) return answer;
      stream = undefined;
      if (answer.code === status.UNIMPLEMENTED) version += 1;
      else throw new CallFailed(answer);
    }
  }

  return {
    ask(question) {
      const answer = last.then(() => askNow(question));
      last = answer.catch(() => {});
      return answer;
    },
    close: () => stream?.close(),
  };
}

interface ReflectionStream {
  ask(question: ReflectionQuestion): Promise<ReflectionAnswer | CallStatus>;
  close(): void;
}

function openStream(call: RawCall): ReflectionStream {
  const ended = statusOf(call);
  return {
    async ask(question) {
      const answer = new Promise<ReflectionAnswer>((resolve, reject) => {
        call.once('data', (bytes: Buffer) => {
          try {
            const decoded = decodeAnswer(bytes);
            if (decoded !== undefined) return resolve(decoded);
          } catch {
            // told below
          }
          reject(
            new PosternError('REFLECTION_FAILED', "the server's reflection answered something unreadable"),
          );
        });
      });
      call.write(encodeQuestion(question));
      return Promise.race([answer, ended]);
    },
    close: () => call.cancel(),
  };
}
