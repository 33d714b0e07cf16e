import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { debianTool } from '../../scripts/debian-tool.js';
import { type SystemdTool, systemdAnalyze } from '../../scripts/systemd-tool.js';
import { checkoutRoot, compiledRoot, type Finished, run } from '../support/processes.js';
import { analyze, layOutSystem, unitsDir } from './units.js';

const packerDir = path.join(checkoutRoot, 'deploy/packer');
const provision = path.join(packerDir, 'provision');
const notRoot = process.getuid?.() === 0 ? false : 'only root can make users, in a directory too';

let dir: string;
let systemd: SystemdTool;
before(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'postern-packer-'));
  systemd = await systemdAnalyze();
});
after(() => rm(dir, { recursive: true, force: true }));

describe('the Packer example', () => {
  it('is valid, and not without the files and variables that it needs', async () => {
    const packer = (await debianTool('packer')).path;
    const copy = path.join(dir, 'deploy/packer');
    await cp(packerDir, copy, { recursive: true });
    await cp(unitsDir, path.join(dir, 'deploy/systemd'), { recursive: true });
    // Debian's Packer is older than plugins, and brings the builder itself.
    await rm(path.join(copy, 'plugins.pkr.hcl'));
    const file = path.join(dir, 'some-file');
    await writeFile(file, '');
    const files = ['node_tarball', 'postern_tarball'].map((name) => `${name}=${file}`);
    const validate = (variables: readonly string[]): Promise<Finished> =>
      run(
        'sh',
        [
          '-c',
          'cd "$0" && exec "$@"',
          copy,
          packer,
          'validate',
          ...variables.flatMap((one) => ['-var', one]),
          '.',
        ],
        {
          env: { CHECKPOINT_DISABLE: '1', HOME: dir },
        },
      );
    const good = await validate([...files, 'node_sha256=0', 'faults=true']);
    assert.deepEqual(good, { code: 0, stdout: '', stderr: '' });
    const unset = await validate(files);
    assert.match(unset.stdout + unset.stderr, /Unset variable "node_sha256"/);
    await rm(path.join(copy, 'provision/node.sh'));
    const torn = await validate([...files, 'node_sha256=0']);
    assert.match(torn.stdout + torn.stderr, /provision\/node\.sh/);
  });

  it('has scripts in which shellcheck finds nothing', async () => {
    const shellcheck = (await debianTool('shellcheck')).path;
    const scripts = (await readdir(provision)).map((name) => path.join(provision, name));
    assert.ok(scripts.length > 3);
    assert.deepEqual(await run(shellcheck, scripts), { code: 0, stdout: '', stderr: '' });
  });

  it('names each variable, script and unit that it uses', async () => {
    const text = await readFile(path.join(packerDir, 'postern.pkr.hcl'), 'utf8');
    const variables = await readFile(path.join(packerDir, 'variables.pkr.hcl'), 'utf8');
    const declared = [...variables.matchAll(/^variable "(\w+)"/gm)].map(([, name]) => name).sort();
    const used = new Set([...text.matchAll(/var\.(\w+)/g)].map(([, name]) => name));
    assert.deepEqual([...used].sort(), declared);
    const scripts = [...text.matchAll(/"provision\/([\w.]+)"/g)].map(([, name]) => name).sort();
    assert.deepEqual(scripts, (await readdir(provision)).sort());
  });
});

describe('the scripts of the image, below a directory', { skip: notRoot }, () => {
  let root: string;
  const services = 'postern-hub postern-agent postern-daemon';
  const script = (name: string, env: NodeJS.ProcessEnv = {}): Promise<Finished> =>
    run('bash', [path.join(provision, name)], {
      env: {
        ...systemd.env,
        ...{ DESTDIR: root, FROM: path.join(dir, 'from'), SERVICES: services, FAULTS: 'yes' },
        ...env,
      },
    });

  before(async () => {
    root = path.join(dir, 'root');
    await mkdir(path.join(root, 'etc'), { recursive: true });
    await layOutSources(path.join(dir, 'from'));
  });

  it('install nothing of a Node.js whose sum is another', async () => {
    const refused = await script('node.sh', { NODE_SHA256: '0'.repeat(64) });
    assert.notEqual(refused.code, 0);
    assert.match(refused.stdout + refused.stderr, /FAILED|did NOT match/);
    assert.deepEqual(await readdir(root), ['etc']);
  });

  it('install Node.js, and a Postern that runs on it', async () => {
    const sum = createHash('sha256')
      .update(await readFile(path.join(dir, 'from/node.tar')))
      .digest('hex');
    const node = await script('node.sh', { NODE_SHA256: sum });
    assert.equal(node.stdout.trim(), process.version, node.stderr);
    const postern = await script('postern.sh');
    assert.equal(postern.code, 0, postern.stderr);
    assert.match(postern.stdout, /^\d+\.\d+\.\d+$/m);
  });

  it('make the users, and install units that systemd takes and starts with the machine', async () => {
    const done = await script('services.sh');
    assert.equal(done.code, 0, done.stderr);
    const passwd = await readFile(path.join(root, 'etc/passwd'), 'utf8');
    for (const user of ['postern', 'postern-node']) assert.match(passwd, new RegExp(`^${user}:`, 'm'));
    const wanted = await readdir(path.join(root, 'etc/systemd/system/multi-user.target.wants'));
    assert.deepEqual(
      wanted.sort(),
      services
        .split(' ')
        .map((name) => `${name}.service`)
        .sort(),
    );
    await layOutSystem(root);
    for (const name of wanted) {
      assert.deepEqual(await analyze(systemd, root, ['verify', '--man=no', name]), { status: 0, said: '' });
    }
    // What holds tokens or tells of places is not for everybody.
    const group = /^postern-node:[^:]*:(\d+):/m.exec(
      await readFile(path.join(root, 'etc/group'), 'utf8'),
    )?.[1];
    const { mode, uid, gid } = await stat(path.join(root, 'etc/postern/agent.yaml'));
    assert.deepEqual([mode & 0o777, uid, gid], [0o640, 0, Number(group)]);
  });

  it('refuse to start a daemon of Berty that is not there', async () => {
    const { code, stderr } = await script('services.sh', { SERVICES: 'postern-agent berty-daemon' });
    assert.equal(code, 2);
    assert.match(stderr, /there is no berty/);
  });
});

/** What Packer uploads: a Node.js, whose npm only leads to the packages of this checkout, Postern, and the folders. */
async function layOutSources(from: string): Promise<void> {
  const node = path.join(dir, 'node-dist/bin');
  await mkdir(node, { recursive: true });
  await mkdir(from);
  await symlink(process.execPath, path.join(node, 'node'));
  const npm = `#!/bin/sh\n[ "$1" = install ] && ln -s '${checkoutRoot}/node_modules' node_modules\n`;
  await writeFile(path.join(node, 'npm'), npm, { mode: 0o755 });
  const tar = async (...words: string[]): Promise<void> => {
    const { code, stderr } = await run('tar', words);
    assert.equal(code, 0, stderr);
  };
  await tar('-cf', path.join(from, 'node.tar'), '-C', dir, 'node-dist');
  const compiled = path.relative(checkoutRoot, compiledRoot);
  const names = ['bin', 'package.json', `${compiled}/src`, `${compiled}/machines`];
  const moved = [`--transform=s,^${compiled},dist,`, '--transform=s,^,package/,'];
  await tar('-czf', path.join(from, 'postern.tgz'), ...moved, '-C', checkoutRoot, ...names);
  await cp(unitsDir, path.join(from, 'systemd'), { recursive: true });
  await cp(path.join(unitsDir, 'config'), path.join(from, 'config'), { recursive: true });
  await writeFile(path.join(from, 'berty'), '');
}
