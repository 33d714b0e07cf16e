import { status } from '@grpc/grpc-js';
import { PosternError } from '../../errors.js';
import {
  ProxyService as DaemonProxyService,
  GroupService,
  PeerService,
  TestService,
} from '../../gen/infra/daemon.js';
import { ProxyService } from '../../gen/infra/server.js';
import type { Logger } from '../../log.js';
import { ownMethods } from '../own-method.js';
import type { OwnService } from '../own-services.js';
import type { Acquaint } from './acquaintance.js';
import { readAsked } from './asked.js';
import { withExactNumbers } from './exact-numbers.js';
import type { InfraGroups } from './groups.js';
import { type Keyed, keyed, keyOf } from './keyed.js';
import type { InfraParts } from './parts.js';
import type { InfraReceiving } from './receiving.js';
import { infraStatuses } from './statuses.js';
import type { InfraTests } from './tests.js';

/** What the infra server is made of. */
export interface FacadeOptions {
  readonly groups: InfraGroups;
  readonly tests: InfraTests;
  readonly receiving: InfraReceiving;
  readonly acquaint: Acquaint;
  /** Asked for at each call: some of them come later. */
  readonly parts: InfraParts;
  readonly log: Logger;
}

interface OfGroup {
  readonly groupName: string;
}
interface OfTest extends OfGroup, Keyed {}

/** Who asks about the daemon with a deadline gets the answer so much before it, milliseconds. */
const answerEarlyMs = 250;

/** The methods about the node. */
function nodeMethods({ groups, parts, log }: FacadeOptions) {
  const method = ownMethods(infraStatuses, log, status.FAILED_PRECONDITION, answerEarlyMs);
  return {
    testConnection: method(async (_: unknown, signal) => ({
      success: await part(parts.peer, 'TestConnection').testConnection(signal),
    })),
    testConnectionToPeer: method(
      async ({ tries, host, port }: { tries: number; host: string; port: string }, signal) => ({
        success: await part(parts.peer, 'TestConnectionToPeer').testConnectionToPeer(
          { tries, host, port },
          signal,
        ),
      }),
    ),
    isProcessRunning: method(async (_: unknown, signal) => ({
      running: await part(parts.peer, 'IsProcessRunning').isProcessRunning(signal),
    })),
    connectToPeer: method(async ({ host, port }: { host: string; port: string }, signal) => {
      await part(parts.peer, 'ConnectToPeer').connectToPeer({ host, port }, signal);
      return {};
    }),
    uploadLogs: method(async ({ folder, name }: { folder: string; name: string }, signal) => {
      const { count, links } = await part(parts.upload, 'UploadLogs').upload({ folder, name }, signal);
      return { uploadCount: count, link: [...links] };
    }),
    addReplication: method(async ({ groupName, tokenIp }: OfGroup & { tokenIp: string }, signal) => {
      const group = groups.key(groupName);
      await part(parts.replication, 'AddReplication').add({ group, groupName, tokenIp }, signal);
      return {};
    }),
    addReliability: method(async ({ timeout, odds }: { timeout: number; odds: number }) => {
      await part(parts.reliability, 'AddReliability').set({ timeoutSeconds: timeout, odds });
      return {};
    }),
  };
}

/** The methods about groups. */
function groupMethods({ groups, receiving, log }: FacadeOptions) {
  const method = ownMethods(infraStatuses, log, status.FAILED_PRECONDITION);
  const joinGroup = method(async ({ groupName, invite }: OfGroup & { invite: Buffer }, signal) => {
    await groups.join(groupName, invite, signal);
    return {};
  });
  return {
    createInvite: method(async ({ groupName }: OfGroup, signal) => ({
      invite: Buffer.from(await groups.invite(groupName, signal)),
    })),
    joinGroup,
    replicationJoinGroup: joinGroup,
    startReceiveMessage: method(async ({ groupName }: OfGroup, signal) => {
      await receiving.start(groups.key(groupName), signal);
      return {};
    }),
    stopReceiveMessage: method(async ({ groupName }: OfGroup, signal) => {
      await receiving.stop(groups.key(groupName), signal);
      return {};
    }),
  };
}

/** The methods about tests. */
function testMethods({ groups, tests, acquaint, log }: FacadeOptions) {
  const method = ownMethods(infraStatuses, log, status.FAILED_PRECONDITION);
  const refOf = (request: OfTest) => ({ group: groups.key(request.groupName), key: keyOf(request) });
  return {
    newTest: method(
      async (request: OfTest & { type: string; size: number; interval: number; amount?: number }, signal) => {
        const { type, size, interval, amount } = request;
        const ref = refOf(request);
        await tests.create(ref, readAsked({ type, size, interval, amount }), signal);
        await acquaint(ref.group, 0, signal);
        return {};
      },
    ),
    startTest: method(async (request: OfTest & { duration?: number }, signal) => {
      await tests.start(refOf(request), request.duration ?? 0, signal);
      return {};
    }),
    stopTest: method(async (request: OfTest, signal) => {
      await tests.stop(refOf(request), signal);
      return {};
    }),
    isTestRunning: method(async (request: OfTest, signal) => ({
      testIsRunning: await tests.isRunning(refOf(request), signal),
    })),
  };
}

/** What controllers of before call, under all the names that it had. */
export function infraServices(options: FacadeOptions): OwnService[] {
  const node = nodeMethods(options);
  const { replicationJoinGroup, ...group } = groupMethods(options);
  const { stopTest, ...test } = testMethods(options);
  const { testConnection, connectToPeer, uploadLogs } = node;
  const whole = { ...node, ...group, ...test, stopTest };
  const services: OwnService[] = [
    { name: 'server.Proxy', definition: keyed(ProxyService, false), implementation: whole },
    { name: 'daemon.Proxy', definition: keyed(DaemonProxyService, false), implementation: whole },
    {
      name: 'daemon.Peer',
      definition: PeerService,
      implementation: { testConnection, connectToPeer, uploadLogs },
    },
    {
      name: 'daemon.Group',
      definition: GroupService,
      implementation: { testConnection, ...group, replicationJoinGroup },
    },
    {
      name: 'daemon.Test',
      definition: keyed(TestService, true),
      implementation: { testConnection, ...test },
    },
  ];
  return services.map(withExactNumbers);
}

function part<T>(found: T | undefined, method: string): T {
  if (found !== undefined) return found;
  throw new PosternError('NOT_SERVED', `this agent does not serve ${method}`);
}
