import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { type DescField, type FileRegistry, fromJson, type JsonValue, toJson } from '@bufbuild/protobuf';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { load, loadFileDescriptorSetFromBuffer } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import { DescriptorPool } from '../../src/client/descriptor-pool.js';
import { findIn, findMethod, protoFileSource, protosetSource } from '../../src/client/descriptors.js';
import { connectHub } from '../../src/client/hub-connection.js';
import { reflectionSource } from '../../src/client/reflection-source.js';
import { PosternError } from '../../src/errors.js';
import { interopProtoRoot } from '../support/interop/protos.js';
import { compiledProtos, gardenRoot } from './protos.js';

/** Everything about a message that calling depends on. */
function shape(field: DescField): JsonValue {
  return {
    name: field.name,
    jsonName: field.jsonName,
    number: field.number,
    kind: field.fieldKind,
    scalar: field.scalar ?? null,
    type: field.message?.typeName ?? field.enum?.typeName ?? null,
    oneof: field.oneof?.name ?? null,
    presence: field.presence,
  };
}

function shapes(registry: FileRegistry, prefix: string): Record<string, JsonValue> {
  const all: [string, JsonValue][] = [];
  for (const desc of registry) {
    if (!desc.typeName.startsWith(prefix)) continue;
    if (desc.kind === 'message') all.push([desc.typeName, desc.fields.map(shape)]);
    if (desc.kind === 'enum')
      all.push([desc.typeName, desc.values.map((value) => `${value.name}=${value.number}`)]);
    if (desc.kind === 'service') {
      all.push([
        desc.typeName,
        desc.methods.map((method) => [
          method.name,
          method.methodKind,
          method.input.typeName,
          method.output.typeName,
        ]),
      ]);
    }
  }
  return Object.fromEntries(all.toSorted(([a], [b]) => a.localeCompare(b)));
}

test('types from .proto files are the same as a compiler makes them', async () => {
  for (const { root, file, symbol, prefix } of [
    { root: gardenRoot, file: 'garden/garden.proto', symbol: 'garden.v1.Garden', prefix: 'garden.' },
    {
      root: interopProtoRoot,
      file: 'grpc/testing/test.proto',
      symbol: 'grpc.testing.TestService',
      prefix: 'grpc.',
    },
  ]) {
    const compiled = new DescriptorPool();
    compiled.addSet(await compiledProtos(root));
    const source = await protoFileSource([file], [root]);
    const registry = await source.find(symbol);
    assert.ok(registry);
    const expected = shapes(compiled.registry(), prefix);
    assert.ok(Object.keys(expected).length > 4);
    assert.deepEqual(shapes(registry, prefix), expected);
  }
});

test('a set that went through protobuf.js, as with servers on grpc-js, is the same too', async () => {
  const set = await compiledProtos(gardenRoot);
  const pool = new DescriptorPool();
  for (const { fileDescriptorProtos } of Object.values(loadFileDescriptorSetFromBuffer(set))) {
    if (Array.isArray(fileDescriptorProtos)) for (const bytes of fileDescriptorProtos) pool.addFile(bytes);
  }
  const bed = pool.registry().getMessage('garden.v1.Bed');
  assert.deepEqual(
    bed?.fields.filter(({ fieldKind }) => fieldKind === 'map').map(({ number }) => number),
    [2, 3],
  );
});

test('types from the reflection of a grpc-js server are the same too', async () => {
  const compiled = new DescriptorPool();
  compiled.addSet(await compiledProtos(gardenRoot));
  const server = new Server();
  const loaded = await load('garden/garden.proto', { includeDirs: [gardenRoot], keepCase: true });
  new ReflectionService(loaded).addToServer(server);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  const target = { address: `127.0.0.1:${port}`, from: 'a test', token: undefined };
  const connection = await connectHub(target, 5_000);
  try {
    const source = reflectionSource(connection.client, connection.metadata());
    const registry = await source.find('garden.v1.Garden');
    assert.ok(registry);
    const expected = shapes(compiled.registry(), 'garden.');
    // The server does not tell of types that no other type uses.
    delete expected['garden.v1.Note'];
    const told = shapes(registry, 'garden.');
    delete told['garden.v1.Note'];
    assert.deepEqual(told, expected);
    source.close();
  } finally {
    connection.close();
    server.forceShutdown();
  }
});

test('types from .proto files take and give every kind of field', async () => {
  const source = await protoFileSource(['garden/garden.proto'], [gardenRoot]);
  const registry = await source.find('garden.v1.Bed');
  const bed = registry?.getMessage('garden.v1.Bed');
  assert.ok(bed && registry);
  const json = {
    firstRow: { side: 'SIDE_LEFT', plantCount: 0 },
    rowsByName: { north: { side: 'SIDE_LEFT' } },
    names: { '7': 'seven' },
    plantedAt: '2024-01-31T12:00:00Z',
    hose: 'AAEC',
    seedIds: ['9007199254740993', '-1'],
    soil: { depth: 3 },
    note: { '@type': 'type.googleapis.com/garden.v1.Note', text: 'dig' },
    sides: ['SIDE_LEFT', 'SIDE_UNSPECIFIED'],
    inner: { label: '' },
    label: 'x',
    thirst: '1.500s',
    kind: 'KIND_TREE',
    ph: 6.5,
    worms: '18446744073709551615',
    OddName: true,
  };
  assert.deepEqual(toJson(bed, fromJson(bed, json, { registry }), { registry }), json);
});

test('a compiled set is found by service, method and type', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'postern-set-'));
  try {
    const file = path.join(folder, 'garden.binpb');
    await writeFile(file, await compiledProtos(gardenRoot));
    const source = await protosetSource([file]);
    assert.deepEqual(await source.services(), ['garden.v1.Garden']);
    const registry = await source.find('garden.v1.Garden.Dig');
    assert.ok(registry);
    assert.equal(findIn(registry, 'garden.v1.Garden/Dig')?.kind, 'rpc');
    assert.equal(findIn(registry, 'garden.v1.Bed.Row.Side')?.kind, 'enum');
    assert.equal(await source.find('garden.v1.Nothing'), undefined);
    assert.equal((await findMethod(source, 'garden.v1.Garden/Talk')).method.methodKind, 'bidi_streaming');
    assert.equal((await findMethod(source, 'garden.v1.Garden.Talk')).method.name, 'Talk');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('what is not there is told with what there is', async () => {
  const source = await protoFileSource(['garden/garden.proto'], [gardenRoot]);
  await assert.rejects(findMethod(source, 'garden.v1.Garden/Dug'), (error) => {
    assert.ok(error instanceof PosternError);
    assert.equal(error.code, 'METHOD_UNKNOWN');
    assert.match(error.hint ?? '', /^it has Dig, /);
    return true;
  });
  await assert.rejects(
    findMethod(source, 'garden.v1.Gardens/Dig'),
    /there is no service 'garden.v1.Gardens'/,
  );
  await assert.rejects(findMethod(source, 'Dig'), { code: 'METHOD_INVALID', exitCode: 2 });
  await assert.rejects(findMethod(source, 'a/b/c'), { code: 'METHOD_INVALID' });
});

test('files that cannot be used are told by name', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'postern-bad-'));
  try {
    const bad = path.join(folder, 'bad.proto');
    await writeFile(bad, 'syntax = "proto3"; message {');
    await assert.rejects(protoFileSource([bad], []), { code: 'PROTO_INVALID', exitCode: 2 });
    await assert.rejects(
      protoFileSource(['no/such.proto'], [folder]),
      /there is no such file \(looked for no\/such/,
    );
    await assert.rejects(protosetSource([path.join(folder, 'none')]), {
      code: 'PROTOSET_UNREADABLE',
      exitCode: 2,
    });
    await assert.rejects(protosetSource([bad]), {
      code: 'DESCRIPTORS_UNUSABLE',
      message: /--protoset .*bad\.proto: /,
      exitCode: 2,
    });
    const lonely = path.join(folder, 'lonely.proto');
    await writeFile(
      lonely,
      'syntax = "proto3"; package a; import "garden/soil.proto"; message M { garden.soil.Soil s = 1; }',
    );
    await assert.rejects(protoFileSource([lonely], [folder]), PosternError);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('a service that is listed and not described is told apart from one that is not there', async () => {
  const source = {
    services: async () => ['example.Echo'],
    find: async () => undefined,
    close: () => {},
  };
  await assert.rejects(findMethod(source, 'example.Echo/Once'), {
    code: 'SERVICE_UNKNOWN',
    message: "the server lists 'example.Echo', but does not describe it",
  });
  await assert.rejects(findMethod(source, 'example.Ecco/Once'), {
    message: "there is no service 'example.Ecco'",
    hint: 'there is example.Echo',
  });
});
