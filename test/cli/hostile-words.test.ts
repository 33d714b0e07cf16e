import assert from 'node:assert/strict';
import { access, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { create, toBinary } from '@bufbuild/protobuf';
import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { ListNodesResponse } from '../../src/gen/postern/v1/nodes.js';
import { type ByteServer, startByteServer } from '../client/grpc-server.js';
import { run } from '../support/processes.js';
import { cleanEnv, postern, posternBin } from './postern.js';

const red = '\u001b[31m';
let directory: string;
/** A file that is there once a shell has run what somebody told us as a name. */
let trap: string;
let hub: ByteServer;
/** Whether the hub describes its service with names that protobuf allows. */
let fit = true;

before(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'postern-words-'));
  trap = path.join(directory, 'sprung');
  // neither dots nor capital letters, which words of services are cut at and changed in
  const lure = `$(cd ${directory.replace('.', '?')} && touch sprung)`;
  hub = await startByteServer({
    '/postern.v1.NodesService/ListNodes': (call) => {
      call.on('data', () => {});
      const nodes = ['cellar', lure].map((name) => ({ name, state: 'lost' }));
      call.write(ListNodesResponse.encode(ListNodesResponse.fromPartial({ nodes })).finish());
      call.end();
    },
    '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo': (call) => {
      call.on('end', () => call.end());
      call.on('data', (bytes: Buffer) => {
        const question = new BinaryReader(bytes).tag()[0];
        const answer = new BinaryWriter();
        if (question === 7) {
          answer.uint32((6 << 3) | 2).fork();
          for (const name of ['evil.Bell', `evil.${lure}`, `evil.${red}Bell`]) {
            answer.uint32((1 << 3) | 2).fork();
            answer
              .uint32((1 << 3) | 2)
              .string(name)
              .join();
          }
          answer.join();
        } else {
          answer.uint32((4 << 3) | 2).fork();
          answer
            .uint32((1 << 3) | 2)
            .bytes(bell(lure))
            .join();
        }
        call.write(answer.finish());
      });
    },
  });
});
after(async () => {
  hub.stop();
  await rm(directory, { recursive: true, force: true });
});

function bell(lure: string): Uint8Array {
  const methods = fit ? ['Ring'] : ['Ring', lure, `Ring${red}`];
  const method = methods.map((name) => ({ name, inputType: '.evil.Bell_', outputType: '.evil.Bell_' }));
  const location = [{ path: [6, 0], span: [0, 0, 0], leadingComments: `A bell ${red}that steers.` }];
  const init = {
    name: 'bell.proto',
    package: 'evil',
    syntax: 'proto3',
    messageType: [{ name: 'Bell_' }],
    service: [{ name: 'Bell', method }],
    sourceCodeInfo: { location },
  };
  return toBinary(FileDescriptorProtoSchema, create(FileDescriptorProtoSchema, init));
}

/** What bash offers for a line whose last word is being typed. */
async function offered(...words: string[]): Promise<string[]> {
  const script = `
    source <("$1" completion bash)
    COMP_WORDS=("\${@:2}")
    COMP_CWORD=$(( \${#COMP_WORDS[@]} - 1 ))
    _postern
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout } = await run('bash', ['-c', script, 'bash', posternBin, 'postern', ...words], {
    env: cleanEnv({
      XDG_CACHE_HOME: '/dev/null/cache',
      POSTERN_HUB: hub.address,
      PATH: `${path.dirname(posternBin)}:${process.env.PATH}`,
    }),
  });
  return stdout.split('\n').filter((line) => line !== '');
}

async function assertNotSprung(): Promise<void> {
  await assert.rejects(access(trap), 'a name was run by the shell');
}

test('bash runs nothing that a node or a service is called', async () => {
  fit = true;
  assert.deepEqual(await offered('call', ''), ['cellar']);
  await assertNotSprung();
  assert.deepEqual(await offered('bell'), ['bell']);
  await assertNotSprung();
  fit = false;
  assert.deepEqual(await offered('bell', ''), []);
  await assertNotSprung();
});

test('what a server calls its services, and says of them, does not steer the terminal', async () => {
  const env = { POSTERN_HUB: hub.address };
  fit = true;
  const list = await postern(['list', 'hub'], { env });
  assert.equal(list.stdout, 'evil.Bell\n');
  const help = await postern(['evil.Bell'], { env });
  assert.match(help.stdout, /^evil\.Bell: A bell .*that steers/);
  fit = false;
  const unfit = await postern(['evil.Bell', 'ring'], { env });
  assert.match(unfit.stderr, /DESCRIPTORS|is no name of protobuf/);
  for (const { stdout, stderr } of [list, help, unfit]) assert.ok(!(stdout + stderr).includes('\u001b'));
});
