import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { PosternError } from '../errors.js';
import { type CallStatus, statusName } from './raw-call.js';

/** What to do about errors that Postern itself made, by their marker. */
const hints: Readonly<Record<string, string>> = {
  UNAUTHENTICATED:
    "give a token with --token-file or POSTERN_TOKEN; on the hub's machine: --data with its data directory",
  PERMISSION_DENIED:
    'ask who runs the hub for a token that may do this: postern token create --caller NAME --role …',
  NODE_UNKNOWN: 'see what there is with `postern nodes`',
  NODE_OFFLINE: 'see why with `postern inspect NODE`',
};

/** A call ended with a status that is not OK. Its exit status is 64 plus the gRPC code. */
export class CallFailed extends PosternError {
  readonly status: CallStatus;

  constructor(end: CallStatus) {
    const [marker] = end.trailers.get('x-postern-error');
    const code = typeof marker === 'string' ? marker : 'CALL_FAILED';
    super(code, statusText(end), {
      exitCode: 64 + end.code,
      hint: hints[code] ?? (end.code === status.UNAUTHENTICATED ? hints.UNAUTHENTICATED : undefined),
    });
    this.status = end;
  }
}

/** `NOT_FOUND (5): there is no such thing`, in one line: a server's text shall not steer a terminal. */
export function statusText(end: CallStatus): string {
  return `${statusName(end.code)} (${end.code})${end.details === '' ? '' : `: ${withoutControls(end.details)}`}`;
}

/** The text with its control characters as JSON would write them. */
function withoutControls(text: string): string {
  return text.replace(/\p{Cc}/gu, (control) => {
    const written = JSON.stringify(control).slice(1, -1);
    return written === control ? `\\u00${control.charCodeAt(0).toString(16)}` : written;
  });
}

/** What a generated client's error tells. */
export function callFailed(error: ServiceError): CallFailed {
  return new CallFailed({
    code: error.code,
    details: error.details,
    trailers: error.metadata ?? new Metadata(),
  });
}

/** Call options: an answer of the hub itself may take 15 s. */
export function deadline(): { deadline: number } {
  return { deadline: Date.now() + 15_000 };
}

/** A generated client's unary call as a promise. Rejects with `CallFailed`. */
export function unary<R>(
  call: (done: (error: ServiceError | null, response: R) => void) => unknown,
): Promise<R> {
  return new Promise((resolve, reject) => {
    call((error, response) => {
      if (error === null) resolve(response);
      else reject(callFailed(error));
    });
  });
}

/** The messages of a generated client's stream. Throws `CallFailed`. */
export async function* messagesOf<T>(stream: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* stream;
  } catch (thrown) {
    throw isServiceError(thrown) ? callFailed(thrown) : thrown;
  }
}

function isServiceError(thrown: unknown): thrown is ServiceError {
  return (
    thrown instanceof Error && 'code' in thrown && 'details' in thrown && typeof thrown.code === 'number'
  );
}
