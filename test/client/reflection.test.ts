import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { connectHub, type HubConnection } from '../../src/client/hub-connection.js';
import { reflectionSource } from '../../src/client/reflection-source.js';
import { startInteropServer } from '../support/interop/server.js';
import { type ByteCall, startByteServer } from './grpc-server.js';
import { compiledProtos, gardenRoot } from './protos.js';

async function withConnection(
  address: string,
  use: (connection: HubConnection) => Promise<void>,
): Promise<void> {
  const connection = await connectHub({ address, from: 'a test', token: undefined }, 5_000);
  try {
    await use(connection);
  } finally {
    connection.close();
  }
}

/** Answers reflection by hand, so that a test decides what a server leaves out. */
function handmadeReflection(
  files: ReadonlyMap<string, Uint8Array>,
  symbols: ReadonlyMap<string, string>,
  asked: string[],
): (call: ByteCall) => void {
  return (call) => {
    call.on('data', (bytes: Buffer) => {
      const reader = new BinaryReader(bytes);
      const [field] = reader.tag();
      const name = reader.string();
      asked.push(`${field}:${name}`);
      const writer = new BinaryWriter();
      const file = files.get(field === 4 ? (symbols.get(name) ?? '') : name);
      if (field === 7) {
        writer
          .uint32((6 << 3) | 2)
          .fork()
          .uint32((1 << 3) | 2)
          .fork()
          .uint32((1 << 3) | 2);
        writer.string('garden.v1.Garden').join().join();
      } else if (file !== undefined)
        writer
          .uint32((4 << 3) | 2)
          .fork()
          .uint32((1 << 3) | 2)
          .bytes(file)
          .join();
      else
        writer
          .uint32((7 << 3) | 2)
          .fork()
          .uint32(1 << 3)
          .int32(5)
          .uint32((2 << 3) | 2)
          .string('none')
          .join();
      call.write(writer.finish());
    });
    call.on('end', () => call.end());
  };
}

async function gardenFiles(): Promise<Map<string, Uint8Array>> {
  const set = fromBinary(FileDescriptorSetSchema, await compiledProtos(gardenRoot));
  return new Map(set.file.map((file) => [file.name, toBinary(FileDescriptorProtoSchema, file)]));
}

test('a real server is asked for its services and types', async () => {
  const server = await startInteropServer();
  try {
    await withConnection(server.address, async (connection) => {
      const source = reflectionSource(connection.client, connection.metadata());
      assert.ok((await source.services()).includes('grpc.testing.TestService'));
      const found = await source.find('grpc.testing.TestService/UnaryCall');
      assert.equal(
        found?.getService('grpc.testing.TestService')?.method.unaryCall?.output.typeName,
        'grpc.testing.SimpleResponse',
      );
      assert.ok(await source.find('grpc.testing.Payload'));
      assert.equal(await source.find('grpc.testing.Nothing'), undefined);
      source.close();
    });
  } finally {
    await server.stop();
  }
});

test('a server that only knows v1alpha is understood, and files are asked for once', async () => {
  const files = await gardenFiles();
  const asked: string[] = [];
  const symbols = new Map([
    ['garden.v1.Garden', 'garden/garden.proto'],
    ['garden.v1.Bed', 'garden/garden.proto'],
  ]);
  const server = await startByteServer({
    '/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo': handmadeReflection(
      files,
      symbols,
      asked,
    ),
  });
  try {
    await withConnection(server.address, async (connection) => {
      const source = reflectionSource(connection.client, connection.metadata());
      assert.deepEqual(await source.services(), ['garden.v1.Garden']);
      // Methods are no symbols to this server: their service is asked for.
      assert.ok(await source.find('garden.v1.Garden.Dig'));
      assert.ok(await source.find('garden.v1.Bed'));
      assert.deepEqual(asked, ['7:*', '4:garden.v1.Garden.Dig', '4:garden.v1.Garden', '3:garden/soil.proto']);
      source.close();
    });
  } finally {
    server.stop();
  }
});

test('types of files whose imports are not told are asked for by name', async () => {
  const files = await gardenFiles();
  const garden = fromBinary(FileDescriptorProtoSchema, files.get('garden/garden.proto') ?? new Uint8Array());
  garden.dependency = [];
  files.set('garden/garden.proto', toBinary(FileDescriptorProtoSchema, garden));
  const asked: string[] = [];
  const symbols = new Map([
    ['garden.v1.Garden', 'garden/garden.proto'],
    ['garden.soil.Soil', 'garden/soil.proto'],
  ]);
  const server = await startByteServer({
    '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo': handmadeReflection(files, symbols, asked),
  });
  try {
    await withConnection(server.address, async (connection) => {
      const source = reflectionSource(connection.client, connection.metadata());
      const registry = await source.find('garden.v1.Garden');
      assert.ok(registry?.getMessage('garden.soil.Soil'));
      source.close();
    });
  } finally {
    server.stop();
  }
});

test('a server without reflection is told, with what to do', async () => {
  const server = await startByteServer({ '/a.B/C': (call) => call.end() });
  try {
    await withConnection(server.address, async (connection) => {
      const source = reflectionSource(connection.client, connection.metadata());
      await assert.rejects(source.services(), { code: 'REFLECTION_MISSING', hint: /--proto/ });
      await assert.rejects(source.find('a.B'), { code: 'REFLECTION_MISSING' });
    });
  } finally {
    server.stop();
  }
});

test('answers that are no reflection end in an error, not in waiting', async () => {
  const path = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';
  const server = await startByteServer({
    [path]: (call) => call.on('data', () => call.write(Buffer.from([0xff, 0xff]))),
  });
  try {
    await withConnection(server.address, async (connection) => {
      await assert.rejects(reflectionSource(connection.client, connection.metadata()).services(), {
        code: 'REFLECTION_FAILED',
      });
    });
  } finally {
    server.stop();
  }
  const silent = await startByteServer({ [path]: (call) => call.on('data', () => {}) });
  try {
    await withConnection(silent.address, async (connection) => {
      const source = reflectionSource(connection.client, connection.metadata(), Date.now() + 200);
      await assert.rejects(source.services(), { code: 'CALL_FAILED', exitCode: 68 });
    });
  } finally {
    silent.stop();
  }
});
