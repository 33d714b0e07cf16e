import type { Machine } from '../support/machine/machine.js';
import { eventually } from '../support/processes.js';

/** One line of the journal. */
export interface JournalLine {
  /** Whom it is about, or who said it. */
  readonly unit: string;
  /** As syslog has it: 3 is an error, 4 a warning. */
  readonly priority: number;
  /** systemd's own, not the service's. */
  readonly ofSystemd: boolean;
  readonly message: string;
}

/** The services of a machine, as a person who is root there asks for them. */
export class Running {
  readonly machine: Machine;

  constructor(machine: Machine) {
    this.machine = machine;
  }

  /** Properties of a unit, see systemctl(1). */
  async show(unit: string, ...names: readonly string[]): Promise<Record<string, string>> {
    const said = await this.machine.must(
      `systemctl show ${unit} ${names.map((name) => `-p ${name}`).join(' ')}`,
    );
    return Object.fromEntries(
      said.split('\n').map((line) => {
        const at = line.indexOf('=');
        return [line.slice(0, at), line.slice(at + 1)];
      }),
    );
  }

  /** One of them. */
  async one(unit: string, name: string): Promise<string> {
    return (await this.show(unit, name))[name] ?? '';
  }

  /** Waits until a unit is in a state, such as active or failed. */
  async until(unit: string, state: string, timeoutMs = 120_000): Promise<void> {
    let is = '';
    await eventually(
      `${unit} ${state}`,
      async () => {
        is = await this.one(unit, 'ActiveState');
        return is === state;
      },
      { timeoutMs, everyMs: 500 },
    ).catch(async (thrown: unknown) => {
      const told = await this.machine.run(`journalctl -b -n 40 --no-pager -u ${unit}`);
      throw new Error(`${unit} is ${is}:\n${told.stdout}`, { cause: thrown });
    });
  }

  /** Runs `postern` as the user of the hub, with the hub's data directory; resolves to what it printed. */
  postern(words: string, timeoutMs = 150_000): Promise<string> {
    const as = 'setpriv --reuid=postern --regid=postern --init-groups env HOME=/var/lib/postern';
    return this.machine.must(`cd / && ${as} POSTERN_DATA=/var/lib/postern postern ${words}`, timeoutMs);
  }

  /** The status of GET at a port of 127.0.0.1; 0 where nobody answers. */
  async get(port: number, path: string): Promise<number> {
    const ask = `exec 3<>/dev/tcp/127.0.0.1/${port} && printf 'GET ${path} HTTP/1.0\\r\\n\\r\\n' >&3 && read -r -t 20 _ status _ <&3 && echo $status`;
    return Number((await this.machine.run(ask)).stdout);
  }

  /** Waits until GET gives that status. */
  async answers(port: number, path: string, status: number): Promise<void> {
    let is = 0;
    await eventually(
      `${status} of ${port}${path}`,
      async () => {
        is = await this.get(port, path);
        return is === status;
      },
      { timeoutMs: 180_000, everyMs: 500 },
    ).catch(async (thrown: unknown) => {
      const told = await this.machine.run('journalctl -b -n 80 --no-pager');
      throw new Error(`${port}${path} gives ${is}:\n${told.stdout}`, { cause: thrown });
    });
  }

  /** Waits until a process of the agent says that its node is served; resolves to its id, which is not `other`. */
  async agentReady(other = 0): Promise<number> {
    let pid = 0;
    await eventually(
      'the agent is ready',
      async () => {
        pid = Number(await this.one('postern-agent', 'MainPID'));
        if (pid === 0 || pid === other) return false;
        const said = await this.machine.run(
          `journalctl -b -o cat _PID=${pid} | grep -q '^postern agent: ready'`,
        );
        return said.code === 0;
      },
      { timeoutMs: 180_000, everyMs: 500 },
    ).catch(async (thrown: unknown) => {
      const told = await this.machine.run('journalctl -b -n 40 --no-pager -u postern-agent');
      throw new Error(`the agent is not ready:\n${told.stdout}`, { cause: thrown });
    });
    return pid;
  }

  /** What a start of the machine, 0 the present one and -1 that before, has in its journal about our units. */
  async journal(boot = 0): Promise<JournalLine[]> {
    const said = await this.machine.must(`journalctl -b ${boot} -o json --no-pager`);
    return said.split('\n').flatMap((text) => {
      const line: Record<string, unknown> = JSON.parse(text);
      const unit = String(line.UNIT ?? line._SYSTEMD_UNIT ?? '');
      if (!unit.startsWith('postern-')) return [];
      const message = String(line.MESSAGE);
      return [{ unit, priority: Number(line.PRIORITY), ofSystemd: line.UNIT !== undefined, message }];
    });
  }
}

/** Whether a line tells of something that is wrong: systemd warns, the service does, or something was denied. */
export function isTrouble({ priority, ofSystemd, message }: JournalLine): boolean {
  if (ofSystemd && priority <= 4) return true;
  if (/EPERM|EACCES|EROFS|permission denied|not permitted|read-only file/i.test(message)) return true;
  return /"level":"(?:warn|error|fatal)"/.test(message) || /^postern: /.test(message);
}
