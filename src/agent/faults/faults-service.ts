import { status } from '@grpc/grpc-js';
import type { Fault, FaultsServiceServer } from '../../gen/postern/v1/faults.js';
import type { Logger } from '../../log.js';
import { ownMethods } from '../own-method.js';
import { commandedMethods, doerOf } from '../tests/commanded.js';
import type { RunBook } from '../tests/run-book.js';
import { type Capabilities, toldAbility } from './capabilities.js';
import type { NodeFault } from './fault.js';
import type { NodeFaults } from './node-faults.js';
import { readAct } from './plan.js';
import { tooLong } from './refusals.js';

/** gRPC status of what is thrown here. */
const statusOf: Readonly<Record<string, status>> = {
  FAULT_INVALID: status.INVALID_ARGUMENT,
  RUN_INVALID: status.INVALID_ARGUMENT,
  FAULT_UNKNOWN: status.NOT_FOUND,
  FAULT_EXISTS: status.ALREADY_EXISTS,
  SUPERSEDED: status.FAILED_PRECONDITION,
  RUN_UNREADABLE: status.DATA_LOSS,
  DATA_UNUSABLE: status.RESOURCE_EXHAUSTED,
  TOO_MANY_FAULTS: status.RESOURCE_EXHAUSTED,
  TOO_MANY_QUESTIONS: status.RESOURCE_EXHAUSTED,
  TOO_MANY_RUNS: status.RESOURCE_EXHAUSTED,
};

/** `postern.v1.FaultsService`: what an agent does to its own machine. */
export function faultsService(options: {
  readonly faults: NodeFaults;
  readonly capabilities: Capabilities;
  readonly book: RunBook;
  readonly log: Logger;
}): FaultsServiceServer {
  const { faults, capabilities, book, log } = options;
  const method = ownMethods(statusOf, log);
  const commanded = commandedMethods(method, book);
  return {
    getFaultCapabilities: method(() => capabilities.look()),
    checkFault: method(async (request) => {
      const long = tooLong(request, faults.longestMs);
      return toldAbility(long ?? (await faults.injector.ability(readAct(request))));
    }),
    armFault: commanded(async (request) => {
      const { command: _, ...plan } = request;
      return { fault: await faultOf(await faults.arm(plan, doerOf(request))) };
    }),
    healFault: commanded(async (request) => {
      const { run, fault } = request;
      return { fault: await faultOf(await faults.heal(run, fault, doerOf(request))) };
    }),
    healAll: commanded(async (request) => {
      const healed = await faults.healAll(request.run, doerOf(request));
      return { faults: await Promise.all(healed.map(faultOf)) };
    }),
    listFaults: method(async ({ run }) => ({ faults: await Promise.all(faults.all(run).map(faultOf)) })),
  };
}

async function faultOf(fault: NodeFault): Promise<Fault> {
  const { by = '', injectedAtMs = 0, healedAtMs = 0, why } = fault.snapshot().context;
  return {
    ...fault.plan,
    state: fault.state,
    injectedAtMs,
    healedAtMs,
    by,
    code: why?.code ?? '',
    reason: why?.message ?? '',
    dropped: await fault.dropped(),
    shape: {
      ...fault.plan.shape,
      from: fault.plan.shape.from.map(({ node, addresses }) => ({ node, addresses: [...addresses] })),
    },
    proof: fault.proof,
  };
}
