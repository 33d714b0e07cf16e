import assert from 'node:assert/strict';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { goPlugins } from '../../scripts/clients/go.js';
import { protoDir, publicProtos } from '../../scripts/clients/protos.js';
import { pythonEnvironment } from '../../scripts/clients/python.js';
import { runTool } from '../../scripts/clients/run-tool.js';
import { needToolchain } from '../../scripts/clients/stubs.js';
import { goInstalled } from '../../scripts/go-tool.js';
import { without } from '../../scripts/toolchain.js';
import { dartFaults } from './dart-names.js';

const withoutPython = await without(() => needToolchain('python'));
const withoutGo = await without(() => needToolchain('go'));
const services = ['account_auth_service', 'account_storage_service', 'room_control_service'];

/** protoc, as Python has it, with the plugins of Go beside it. */
describe('commands that programs of before make their stubs with', {
  skip: withoutPython,
  timeout: 240_000,
}, () => {
  let dir: string;
  let protoc: (args: readonly string[]) => Promise<string>;

  before(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'postern-protoc-'));
    const python = await pythonEnvironment();
    protoc = (args) => runTool(python, ['-m', 'grpc_tools.protoc', ...args]);
    await mkdir(path.join(dir, 'protocols'));
    for (const service of services) {
      const proto = path.join(protoDir, service, `${service}.proto`);
      await copyFile(proto, path.join(dir, 'protocols', `${service}.proto`));
    }
  });
  after(() => rm(dir, { recursive: true, force: true }));

  const made = async (into: string) =>
    (await readdir(path.join(dir, into), { recursive: true })).filter((file) => file.includes('.')).sort();
  const out = async (name: string): Promise<string> => {
    await mkdir(path.join(dir, name));
    return path.join(dir, name);
  };

  test('Python takes the account services from a flat directory', async () => {
    const into = await out('python');
    for (const service of services) {
      const options = [`--python_out=${into}`, `--grpc_python_out=${into}`];
      await protoc([`--proto_path=${path.join(dir, 'protocols')}`, ...options, `${service}.proto`]);
    }
    const names = services.flatMap((service) => [`${service}_pb2.py`, `${service}_pb2_grpc.py`]);
    assert.deepEqual(await made('python'), names.sort());
  });

  test('Go takes them too, and no option says where packages are', { skip: withoutGo }, async () => {
    const into = await out('go');
    const plugins = [];
    for (const plugin of goPlugins) plugins.push(`--plugin=${await goInstalled(plugin)}`);
    for (const service of services) {
      const options = [...plugins, `--go_out=${into}`, `--go-grpc_out=${into}`];
      await protoc([...options, '--proto_path', path.join(dir, 'protocols'), `${service}.proto`]);
    }
    const names = services.flatMap((service) => [
      `${service}/${service}.pb.go`,
      `${service}/${service}_grpc.pb.go`,
    ]);
    assert.deepEqual(await made('go'), names.sort());
  });

  test('protoc takes every public proto with the paths that Dart is told, and no two names are one in Dart', async () => {
    const file = path.join(dir, 'descriptors.binpb');
    await protoc(['--proto_path=proto', `--descriptor_set_out=${file}`, ...(await publicProtos())]);
    const { file: protos } = fromBinary(FileDescriptorSetSchema, await readFile(file));
    assert.equal(protos.length, (await publicProtos()).length, 'none imports one that is left out');
    assert.deepEqual(dartFaults(protos), []);
  });
});
