import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fromBinary } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import {
  type DescriptorProto,
  FieldDescriptorProto_Type,
  FileDescriptorSetSchema,
} from '@bufbuild/protobuf/wkt';
import {
  Client,
  credentials,
  ServerCredentials,
  type ServiceDefinition,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { withExactNumbers } from '../../../src/agent/infra/exact-numbers.js';
import { ownServer } from '../../../src/agent/own-services.js';
import * as daemon from '../../../src/gen/infra/daemon.js';
import { ProxyService } from '../../../src/gen/infra/server.js';
import { bindGrpc } from '../../../src/wire/grpc-listener.js';

const definitions: readonly ServiceDefinition[] = [
  ProxyService,
  daemon.ProxyService,
  daemon.PeerService,
  daemon.GroupService,
  daemon.TestService,
];

/** Every whole number of a request, as the .proto files have them: the path of the method, the field's number and its name. */
function wholeNumbers(): { path: string; field: number; name: string }[] {
  const file = new URL('../../../src/gen/descriptors.binpb', import.meta.url);
  const files = fromBinary(FileDescriptorSetSchema, readFileSync(file)).file.filter(({ name }) =>
    /^infra\//.test(name),
  );
  const types = new Map<string, DescriptorProto>(
    files.flatMap((one) =>
      one.messageType.flatMap((outer) =>
        outer.nestedType.map((inner) => [`.${one.package}.${outer.name}.${inner.name}`, inner] as const),
      ),
    ),
  );
  return files.flatMap((one) =>
    one.service.flatMap((service) =>
      service.method.flatMap((method) =>
        (types.get(method.inputType)?.field ?? [])
          .filter(({ type }) => type === FieldDescriptorProto_Type.INT64)
          .map(({ number, jsonName }) => ({
            path: `/${one.package}.${service.name}/${method.name}`,
            field: number,
            name: jsonName,
          })),
      ),
    ),
  );
}

describe('whole numbers in calls of older controllers', () => {
  test('are refused by their names where they are larger than numbers are exact, and else reach the method', async () => {
    const reached: string[] = [];
    const services = definitions.map((definition) => ({
      name: 'any',
      definition,
      implementation: Object.fromEntries(
        Object.entries(definition).map(([name, { path }]) => [
          name,
          (_: unknown, callback: (error: null, answer: object) => void) => {
            reached.push(path);
            callback(null, {});
          },
        ]),
      ),
    }));
    const server = ownServer(services.map(withExactNumbers));
    const port = await bindGrpc(server, '127.0.0.1:0', ServerCredentials.createInsecure());
    const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
    const call = (path: string, field: number, value: bigint): Promise<ServiceError | null> => {
      const request = Buffer.from(new BinaryWriter().tag(field, WireType.Varint).int64(value).finish());
      return new Promise((resolve) => {
        const same = (bytes: Buffer): Buffer => bytes;
        client.makeUnaryRequest(path, same, same, request, (error) => resolve(error));
      });
    };
    try {
      const found = wholeNumbers();
      assert.ok(found.length >= 20, `only ${found.length} numbers were found`);
      for (const { path, field, name } of found) {
        for (const value of [2n ** 53n, 2n ** 53n + 1n, -(2n ** 53n), 2n ** 63n - 1n]) {
          const error = await call(path, field, value);
          assert.equal(error?.code, status.INVALID_ARGUMENT, `${path} ${name}`);
          assert.equal(
            error.details,
            `${name}: ${value} is not between -9007199254740991 and 9007199254740991, where numbers are exact here: give one nearer to 0`,
          );
        }
        assert.deepEqual(reached, [], 'nothing is done');
        for (const value of [2n ** 53n - 1n, 0n, -1n])
          assert.equal(await call(path, field, value), null, path);
        assert.deepEqual(reached.splice(0), [path, path, path]);
      }
      // the oldest form has texts there, and reads numbers all the same
      const error = await call('/daemon.Test/IsTestRunning', 2, 2n ** 53n);
      assert.match(error?.details ?? '', /^testN: /);
    } finally {
      client.close();
      server.forceShutdown();
    }
  });
});
