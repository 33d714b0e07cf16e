import assert from 'node:assert/strict';
import { join } from 'node:path';
import { Client, credentials } from '@grpc/grpc-js';
import { loadSync, type PackageDefinition, type ServiceDefinition } from '@grpc/proto-loader';
import { z } from 'zod';
import { checkoutRoot } from '../../support/processes.js';
import { bearer } from '../test-hub.js';

const listed = z.object({
  count: z.number(),
  clients: z.array(z.object({ name: z.string(), connectionTime: z.string(), uptime: z.string() })),
});
const heardEvent = z.strictObject({ message: z.string() });

/** A program that knows the hub's services from the declarations of before alone, and listens to what happens. */
export function oldProgram(address: string, token: string) {
  const file = join(checkoutRoot, 'test/proto/internal/hub.proto');
  const service = serviceOf(
    loadSync(file, { keepCase: true, longs: Number, defaults: true })['internal.Hub'],
  );
  const { ListClients: list, StreamActivityFeed: feed } = service;
  if (list === undefined || feed === undefined) assert.fail();
  const client = new Client(address, credentials.createInsecure());
  const heard: string[] = [];
  const stream = client.makeServerStreamRequest(
    feed.path,
    feed.requestSerialize,
    feed.responseDeserialize,
    {},
    bearer(token),
  );
  stream.on('data', (event: unknown) => heard.push(heardEvent.parse(event).message));
  stream.on('error', () => {});
  return {
    heard,
    begun: new Promise<void>((resolve) => stream.once('metadata', () => resolve())),
    listClients: () =>
      new Promise<z.infer<typeof listed>>((resolve, reject) => {
        client.makeUnaryRequest(
          list.path,
          list.requestSerialize,
          list.responseDeserialize,
          {},
          bearer(token),
          (error, answer) => (error === null ? resolve(listed.parse(answer)) : reject(error)),
        );
      }),
    stop: () => {
      stream.cancel();
      client.close();
    },
  };
}

function serviceOf(definition: PackageDefinition[string] | undefined): ServiceDefinition {
  if (definition === undefined || isType(definition)) assert.fail('it is no service');
  return definition;
}

function isType(
  definition: PackageDefinition[string],
): definition is Exclude<typeof definition, ServiceDefinition> {
  return 'format' in definition && typeof definition.format === 'string';
}
