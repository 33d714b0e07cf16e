import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create, toBinary } from '@bufbuild/protobuf';
import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { DescriptorPool } from '../../src/client/descriptor-pool.js';
import { connectHub } from '../../src/client/hub-connection.js';
import { reflectionSource } from '../../src/client/reflection-source.js';
import { PosternError } from '../../src/errors.js';
import { CpuClock } from '../fuzz/cpu-clock.js';
import { startByteServer } from './grpc-server.js';

const int32 = 5;
const message = 11;

type FileInit = Parameters<typeof create<typeof FileDescriptorProtoSchema>>[1];

function file(init: FileInit): Uint8Array {
  return toBinary(FileDescriptorProtoSchema, create(FileDescriptorProtoSchema, init));
}

/** Asks a server for a type, whose reflection answers each question with a file that it makes. */
async function find(
  answer: (asked: string, questions: number) => FileInit,
): Promise<{ asked: number; code: string }> {
  let asked = 0;
  const server = await startByteServer({
    '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo': (call) => {
      call.on('data', (bytes: Buffer) => {
        const reader = new BinaryReader(bytes);
        reader.tag();
        asked += 1;
        const writer = new BinaryWriter();
        writer.uint32((4 << 3) | 2).fork();
        writer.uint32((1 << 3) | 2).bytes(file(answer(reader.string(), asked)));
        call.write(writer.join().finish());
      });
    },
  });
  const connection = await connectHub({ address: server.address, from: 'a test', token: undefined }, 5_000);
  const source = reflectionSource(connection.client, connection.metadata(), Date.now() + 30_000);
  try {
    const found = await source.find('a.B');
    return { asked, code: found === undefined ? 'NOT_FOUND' : 'FOUND' };
  } catch (thrown) {
    assert.ok(thrown instanceof PosternError, String(thrown));
    return { asked, code: thrown.code };
  } finally {
    source.close();
    connection.close();
    server.stop();
  }
}

test('a server that answers another file than it was asked for is asked once for each', async () => {
  const { asked, code } = await find(() => ({ name: 'same.proto', dependency: ['never-there.proto'] }));
  assert.equal(code, 'NOT_FOUND');
  assert.ok(asked <= 4, `it was asked ${asked} times`);
});

test('a server whose files import new ones for ever is given up', async () => {
  const { code } = await find((_asked, n) => ({ name: `${n}.proto`, dependency: [`${n + 1}.proto`] }));
  assert.equal(code, 'DESCRIPTORS_UNUSABLE');
});

test('a server whose types need new ones for ever is given up', async () => {
  const { code, asked } = await find((_asked, n) => ({
    name: 'same.proto',
    dependency: [`${n}.proto`, `${n}-too.proto`],
  }));
  assert.equal(code, 'REFLECTION_FAILED');
  assert.ok(asked <= 10_000, `it was asked ${asked} times`);
});

for (const { what, init } of [
  {
    what: 'a package of twenty thousand parts',
    init: {
      name: 'f',
      package: `a${'.a'.repeat(20_000)}`,
      messageType: [{ name: 'M', field: [{ name: 'x', number: 1, type: message, label: 1, typeName: 'N' }] }],
    },
  },
  {
    what: 'twenty thousand optional fields',
    init: {
      name: 'f',
      package: 'a',
      syntax: 'proto3',
      messageType: [
        {
          name: 'M',
          oneofDecl: Array.from({ length: 20_000 }, (_, index) => ({ name: `_x${index}` })),
          field: Array.from({ length: 20_000 }, (_, index) => ({
            name: `x${index}`,
            number: index + 1,
            type: int32,
            label: 1,
            oneofIndex: index,
          })),
        },
      ],
    },
  },
]) {
  test(`descriptors with ${what} are dealt with soon`, () => {
    const bytes = file(init);
    const clock = new CpuClock();
    clock.start();
    const pool = new DescriptorPool();
    try {
      pool.addFile(bytes);
      assert.equal(pool.registry().getMessage('a.M')?.fields.length, 20_000);
    } catch (thrown) {
      assert.ok(thrown instanceof PosternError, String(thrown));
      assert.equal(thrown.code, 'DESCRIPTORS_UNUSABLE');
    }
    assert.ok(clock.elapsedMs() < 3_000, `it took ${clock.elapsedMs()} ms`);
  });
}

test('a circle of many files is told in a few words', () => {
  const pool = new DescriptorPool();
  for (let n = 0; n < 2_000; n++) {
    pool.addFile(
      file({
        name: `f${n}`,
        package: 'a',
        messageType: [
          {
            name: `M${n}`,
            field: [{ name: 'x', number: 1, type: message, label: 1, typeName: `.a.M${(n + 1) % 2_000}` }],
          },
        ],
      }),
    );
  }
  assert.throws(
    () => pool.registry(),
    (error) =>
      error instanceof PosternError && error.message.length < 300 && /in a circle/.test(error.message),
  );
});
