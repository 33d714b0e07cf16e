import type { handleUnaryCall } from '@grpc/grpc-js';
import type { Role } from '../auth/identity.js';
import type { Logger } from '../log.js';
import type { Operated } from '../operating.js';
import { type Caller, readCaller } from './caller-metadata.js';
import { callerWith, serviceError } from './own-calls.js';

/** What a request is about, before it is known what becomes of it. */
export type Asked = Pick<Operated, 'node' | 'method' | 'actor' | 'event'>;

/** Makes unary methods that do something to actors: what becomes of each call is told as activity, refusals too. */
export function auditedMethods(told: (operated: Operated) => void, log: Logger) {
  return <Q, R>(method: {
    readonly role: Role | ((request: Q) => Role);
    readonly about: (request: Q) => Asked;
    /** Resolves to the response, and what became of it, for people. */
    readonly work: (request: Q, caller: Caller) => Promise<readonly [R, string]>;
  }): handleUnaryCall<Q, R> =>
    ({ request, metadata }, callback) => {
      const run = async (): Promise<readonly [R, string]> => {
        const role = typeof method.role === 'string' ? method.role : method.role(request);
        return method.work(request, callerWith(role, metadata));
      };
      const tell = (code: number, outcome: string) => {
        const caller = readCaller((name) => metadata.get(name)[0]?.toString())?.subject ?? '';
        told({ ...method.about(request), caller, reason: '', code, outcome });
      };
      run().then(
        ([response, outcome]) => {
          tell(0, outcome);
          callback(null, response);
        },
        (thrown: unknown) => {
          const error = serviceError(thrown, log);
          tell(error.code, error.details);
          callback(error);
        },
      );
    };
}
