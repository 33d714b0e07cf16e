import type { handleUnaryCall } from '@grpc/grpc-js';
import { takesText } from '../../../machines/operations.js';
import { PosternError } from '../../errors.js';
import type { Actor, OperateRequest, OperateResponse } from '../../gen/postern/v1/inspector.js';
import type { Logger } from '../../log.js';
import type { HubOperators } from '../../operating.js';
import { type Visitor, visitorOf } from '../../own-service.js';
import type { Definitions } from '../definitions/definitions.js';
import type { Directory } from '../directory/directory.js';
import { assertMachine, maySee } from '../filters.js';
import { inspectorError } from '../status.js';
import { type Effect, effectsOf } from './effects.js';
import type { Orders } from './orders.js';

/** What operating needs. */
export interface OperateOptions {
  readonly directory: Pick<Directory, 'get' | 'using'>;
  readonly definitions: Pick<Definitions, 'shown'>;
  readonly orders: Orders;
  readonly hub: HubOperators;
  readonly log: Logger;
}

/** A reason has at most so many characters. */
const longestReason = 512;
const method = 'postern.v1.Inspector/Operate';

/** `postern.v1.Inspector.Operate`: whatever becomes of it is told as activity. */
export function operateMethod(options: OperateOptions): handleUnaryCall<OperateRequest, OperateResponse> {
  const { hub, log } = options;
  const effects = effectsOf(options.orders, hub);
  return ({ request, metadata }, callback) => {
    const visitor = visitorOf(metadata);
    const { machine, id, event, reason } = request;
    let node = '';
    const tell = (code: number, outcome: string) =>
      hub.told({
        caller: visitor?.subject ?? '',
        node,
        method,
        actor: `${machine}/${id}`,
        event,
        reason,
        code,
        outcome,
      });
    const run = async (): Promise<string> => {
      const actor = await wanted(options, request, visitor);
      node = actor.node;
      const effect = effects[machine];
      if (effect === undefined || visitor === undefined) throw unknown(machine, id);
      return carryOut(effect, actor, request, visitor);
    };
    run().then(
      (outcome) => {
        tell(0, outcome);
        callback(null, { outcome });
      },
      (thrown: unknown) => {
        const error = inspectorError(thrown, log);
        tell(error.code, error.details);
        callback(error);
      },
    );
  };
}

function carryOut(
  effect: Effect,
  actor: Actor,
  { machine, id, event, reason, bornMs }: OperateRequest,
  { subject }: Visitor,
): Promise<string> {
  const meant = bornMs === 0 ? {} : { bornMs };
  const by = subject.replace(/\p{Cc}/gu, '?').slice(0, 256);
  return effect(actor, { machine, id, event, by, reason: reason.replace(/\p{Cc}/gu, ' '), ...meant });
}

/** The actor that is meant, if all is well. Throws why not. */
async function wanted(
  { directory, definitions }: OperateOptions,
  { machine, id, event, reason, bornMs }: OperateRequest,
  visitor: Visitor | undefined,
): Promise<Actor> {
  if (visitor === undefined) throw new PosternError('UNAUTHENTICATED', 'it is not known who calls');
  if (!visitor.may('operate')) {
    throw new PosternError('PERMISSION_DENIED', `'${visitor.subject}' needs the role operate for this`);
  }
  assertMachine(machine, 'machine');
  if (reason.length > longestReason) {
    throw new PosternError('INVALID_ARGUMENT', `reason: at most ${longestReason} characters are taken`);
  }
  const known = await directory.using(() => directory.get(machine, id));
  if (known === undefined) throw unknown(machine, id);
  if (!maySee(visitor, known.names)) {
    throw new PosternError(
      'PERMISSION_DENIED',
      `'${visitor.subject}' may do nothing to ${machine}/${id}: claim nodes does not cover it`,
    );
  }
  const { actor } = known;
  if (actor.gone) throw new PosternError('REFUSED', 'it has ended, or the process that ran it has gone');
  if (bornMs !== 0 && actor.bornMs !== bornMs) {
    const began = new Date(actor.bornMs).toISOString();
    throw new PosternError('REFUSED', `another one is meant: this one began at ${began}`);
  }
  // Whoever runs it looks again, at the state that it has then.
  const { operations } = definitions.shown(actor);
  if (!operations.includes(event)) throw new PosternError('REFUSED', takesText(actor.state, operations));
  return actor;
}

function unknown(machine: string, id: string): PosternError {
  return new PosternError('ACTOR_UNKNOWN', `no ${machine} '${id.slice(0, 256)}' is known`);
}
