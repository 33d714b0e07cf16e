import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { otherKernel } from '../support/faults/other-kernel.js';
import { Machine } from '../support/machine/machine.js';
import { eventually } from '../support/processes.js';
import { makeImage, uploaded } from './image.js';
import { isTrouble, Running } from './running.js';
import { only, readUnit } from './units.js';

const services = [
  'postern-hub',
  'postern-accounts',
  'postern-token-server',
  'postern-daemon',
  'postern-agent',
];
/** The first is up before the second begins, and begins to stop when that is down. */
const ordered = [
  ['postern-hub', 'postern-accounts'],
  ['postern-hub', 'postern-agent'],
  ['postern-daemon', 'postern-agent'],
] as const;
const daemonMethod = 'weshnet.protocol.v1.ProtocolService/ServiceGetConfiguration';
/** The image is made, and user-mode Linux takes its time for all that programs ask of it. */
const makeMs = 600_000;

/** Starts a systemd with the units, on a kernel of its own, as on a machine of the image that Packer makes. */
describe('the units, started by systemd', { timeout: 1_750_000 }, () => {
  let dir: string;
  let machine: Machine;
  let running: Running;
  let boots = 0;
  let disk = '';
  let kernel: Exclude<Awaited<ReturnType<typeof otherKernel>>, string>;

  const boot = async (): Promise<void> => {
    await machine?.kill();
    boots += 1;
    machine = await Machine.start({ kernel, disk, dir: path.join(dir, `boot-${boots}`) });
    running = new Running(machine);
  };
  /** The last step of the image. */
  const install = (more = '') =>
    machine.must(
      `FROM=${uploaded} SERVICES='${services.join(' ')}' ${more} bash ${uploaded}/provision/services.sh`,
    );
  const stateOf = (unit: string) => running.one(unit, 'ActiveState');
  /** As deploy/README.md has it. */
  const join = async (): Promise<void> => {
    const token = await running.postern('token create --join cellar');
    const file = '/etc/postern/agent.env';
    await machine.must(
      `umask 077 && echo "POSTERN_TOKEN=${token}" >${file} && systemctl restart postern-agent`,
    );
    await running.agentReady();
    await machine.must(`rm ${file}`);
  };
  /** A call through the hub reaches the daemon behind the agent; a busy machine may lose sight of the node for a moment. */
  const callDaemon = async (): Promise<void> => {
    await eventually(
      'a call of the daemon',
      async () =>
        /"listeners": \[\s*"0\.0\.0\.0:4101"/.test(await running.postern(`call cellar ${daemonMethod}`)),
      { timeoutMs: 180_000, everyMs: 500 },
    );
  };
  const answering = async (): Promise<void> => {
    await running.answers(9090, '/readyz', 200);
    // Nobody has a token; to say so it has asked over the bus.
    await running.answers(40051, '/v1/jwt_auth_gateway/', 401);
    await running.answers(8091, '/.well-known/jwks.json', 200);
  };

  before(
    async () => {
      const found = await otherKernel();
      if (typeof found === 'string') assert.fail(`there is no kernel to start a systemd on: ${found}`);
      kernel = found;
      dir = await mkdtemp(path.join(tmpdir(), 'postern-machine-'));
      disk = await makeImage(dir, kernel, [
        ['agent.yaml', 'http://hub.example.org:9090', 'http://127.0.0.1:9090'],
        ['agent.yaml', 'daemon: ', 'to: [127.0.0.1:9091]\ndaemon: '],
      ]);
    },
    { timeout: makeMs },
  );
  after(async () => {
    await machine?.kill();
    if (dir !== undefined) await rm(dir, { recursive: true, force: true });
  });

  it('are installed by the last script of the image, and nothing is started', async () => {
    await boot();
    await install();
    for (const name of services) {
      assert.equal((await machine.must(`systemctl is-enabled ${name}`)).trim(), 'enabled');
      assert.equal(await stateOf(name), 'inactive', name);
    }
    await machine.poweroff();
  });

  it('come up with the machine; an agent without a token is turned away, and not tried again', async () => {
    await boot();
    await answering();
    for (const name of services) if (name !== 'postern-agent') await running.until(name, 'active');
    await running.until('postern-agent', 'failed');
    const { ExecMainStatus, NRestarts } = await running.show('postern-agent', 'ExecMainStatus', 'NRestarts');
    assert.deepEqual([ExecMainStatus, NRestarts], ['80', '0']);
  });

  it('carry a call from the hub to the daemon, once the agent has a token', async () => {
    await join();
    await callDaemon();
  });

  it('start an agent that was killed again, and its node is back', async () => {
    const killed = await running.agentReady();
    await machine.must(`kill -9 ${killed}`);
    await running.agentReady(killed);
    assert.equal(await running.one('postern-agent', 'NRestarts'), '1');
    await callDaemon();
  });

  it('start a hub that was killed again, and all that hang on it are back', async () => {
    await machine.must('systemctl reload postern-hub postern-agent');
    const killed = Number(await running.one('postern-hub', 'MainPID'));
    await machine.must(`kill -9 ${killed}`);
    await eventually('another hub', async () => {
      const pid = Number(await running.one('postern-hub', 'MainPID'));
      return pid !== 0 && pid !== killed;
    });
    await answering();
    assert.equal(await running.one('postern-hub', 'NRestarts'), '1');
    assert.equal(await running.one('postern-accounts', 'NRestarts'), '0');
    await running.postern('wait cellar --timeout 120s');
    await callDaemon();
  });

  it('leave an agent alone that was turned away for good, until a person has it start again', async () => {
    const before = await running.one('postern-agent', 'NRestarts');
    await running.postern('nodes revoke cellar');
    await running.until('postern-agent', 'failed');
    const is = await running.show('postern-agent', 'ExecMainStatus', 'NRestarts');
    assert.deepEqual(is, { ExecMainStatus: '80', NRestarts: before });
    await running.postern('nodes allow cellar');
    // Its key stays cut off.
    await machine.must('rm -r /var/lib/postern-agent/*');
    await join();
    await callDaemon();
  });

  it('stop each within its time, and well', async () => {
    for (const name of [...services].reverse()) {
      const tookMs = Number(
        await machine.must(
          `from=$(date +%s%N); systemctl stop ${name}; echo $((($(date +%s%N) - from) / 1000000))`,
        ),
      );
      const is = await running.show(name, 'Result', 'ExecMainStatus', 'ActiveState');
      assert.deepEqual(is, { Result: 'success', ExecMainStatus: '0', ActiveState: 'inactive' }, name);
      const limit = Number(only(await readUnit(`${name}.service`), 'TimeoutStopSec'));
      assert.ok(tookMs < limit * 1_000, `${name} took ${tookMs} ms`);
    }
    await machine.must(`systemctl start ${services.join(' ')}`);
    await running.agentReady();
    await install('FAULTS=yes');
    await machine.poweroff();
  });

  it('come up by themselves with the next start of the machine, in order, and nothing is wrong', async () => {
    await boot();
    await answering();
    await running.agentReady();
    await callDaemon();
    const upAt = async (name: string) => Number(await running.one(name, 'ActiveEnterTimestampMonotonic'));
    const begunAt = async (name: string) => Number(await running.one(name, 'InactiveExitTimestampMonotonic'));
    for (const [first, second] of ordered) {
      const [up, begun] = [await upAt(first), await begunAt(second)];
      assert.ok(up > 0 && up <= begun, `${first} is up at ${up}, ${second} begins at ${begun}`);
    }
    for (const name of services) assert.equal(await running.one(name, 'NRestarts'), '0', name);
    const lines = await running.journal();
    assert.ok(lines.filter(({ ofSystemd }) => !ofSystemd).length > 10, 'the journal has what services say');
    // An agent dials until the hub is ready, and says so.
    const trouble = lines.filter((line) => isTrouble(line) && !line.message.includes('"HUB_UNREACHABLE"'));
    assert.deepEqual(trouble, []);
  });

  it('went down with the machine in order', async () => {
    const lines = (await running.journal(-1)).filter(({ ofSystemd }) => ofSystemd);
    const last = (unit: string, word: string) =>
      lines.findLastIndex((line) => line.unit === `${unit}.service` && line.message.startsWith(word));
    for (const [first, second] of ordered) {
      const [down, begun] = [last(second, 'Stopped '), last(first, 'Stopping ')];
      assert.ok(
        down >= 0 && down < begun,
        `${second} is down (line ${down}) before ${first} is stopped (${begun})`,
      );
    }
    const down = lines.slice(last('postern-agent', 'Stopping '));
    assert.deepEqual(
      down.filter(({ message }) => /timed out|SIGKILL/.test(message)),
      [],
    );
  });

  it('keep each service from what it does not need', async () => {
    for (const name of services) {
      const pid = await running.one(name, 'MainPID');
      const status = await machine.must(`cat /proc/${pid}/status`);
      // The drop-in gives the agent CAP_NET_ADMIN.
      const capabilities = name === 'postern-agent' ? '0000000000001000' : '0000000000000000';
      for (const kind of ['CapEff', 'CapBnd'])
        assert.match(status, new RegExp(`^${kind}:\\s${capabilities}$`, 'm'), name);
      assert.match(status, /^NoNewPrivs:\s1$/m);
      assert.match(status, /^Seccomp:\s2$/m);
      const own = `/var/lib/${name === 'postern-hub' || name === 'postern-accounts' ? 'postern' : name}`;
      const tried = (file: string) => machine.run(`nsenter --target ${pid} --mount touch ${file}`);
      assert.equal((await tried(`${own}/tried`)).code, 0, name);
      for (const elsewhere of ['/etc', '/usr', '/opt/postern', '/var/lib/tried']) {
        assert.match(
          (await tried(`${elsewhere}/tried`)).stderr,
          /Read-only file system|No such file/,
          `${name} ${elsewhere}`,
        );
      }
      assert.equal(await machine.must(`stat -c '%a' ${own}`), '700');
    }
  });

  it('let an agent with the drop-in do faults: of the daemon, and of the network', async () => {
    await machine.must(
      'ip link add wan type dummy && ip address add 198.18.0.10/24 dev wan && ip link set wan up',
    );
    const daemon = await running.one('postern-daemon', 'MainPID');
    const arm = (name: string, words: string) =>
      running.postern(`fault arm cellar ${name} --kind ${words} --in 5s --duration 5m`);
    const comes = (what: string, script: string) =>
      eventually(what, async () => (await machine.run(script)).code === 0, {
        timeoutMs: 120_000,
        everyMs: 500,
      });

    await arm('still', 'pause');
    await comes('the daemon stands still', `grep -q '^State:.T' /proc/${daemon}/status`);
    await running.postern('fault heal cellar');
    await comes('it goes on', `grep -q '^State:.[RS]' /proc/${daemon}/status`);

    await arm('slow', 'delay --delay 50ms --scope host --interface wan');
    await comes('packets come later', 'tc qdisc show dev wan | grep -q "netem .*delay 50ms"');
    await running.postern('fault heal cellar');
    await comes('and do no more', '! tc qdisc show dev wan | grep -q netem');

    await arm('dead', 'kill');
    await running.until('postern-daemon', 'failed');
    assert.equal(await running.one('postern-daemon', 'NRestarts'), '0');
    // 1: the daemon takes its time to start.
    await running.postern('fault heal cellar || [ $? = 1 ]');
    await callDaemon();
    const daemons = await machine.must(
      'cat /sys/fs/cgroup/system.slice/postern-agent.service/cgroup.procs | xargs ps -o args= -p',
    );
    assert.match(daemons, /postern daemon /);
    const lines = (await running.journal()).filter(isTrouble);
    assert.deepEqual(
      lines.filter(({ message }) => /EPERM|EACCES|not permitted/i.test(message)),
      [],
    );
    await machine.poweroff();
  });
});
