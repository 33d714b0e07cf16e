import path from 'node:path';
import { Fleet } from '../../test/support/fleet.js';
import { compiledRoot } from '../../test/support/processes.js';
import { debianTool } from '../debian-tool.js';
import type { ProcessGroup } from './cpu.js';
import { startNginx } from './nginx.js';
import { startPostern } from './postern.js';
import { startEchoServer } from './server.js';

/** A way from the client to the server. */
export interface Path {
  /** `straight`, `nginx`, `postern`, and `other` for a second build of Postern. */
  readonly name: string;
  /** `HOST:PORT` that the client dials. */
  readonly address: string;
  /** Metadata of every call. */
  readonly metadata: Readonly<Record<string, string>>;
  /** What runs on the way, the server included. */
  readonly groups: readonly ProcessGroup[];
}

/** All ways to one server, running. */
export interface Ways {
  /** What the server is made of. */
  readonly server: string;
  readonly paths: readonly Path[];
}

/** What may be chosen. */
export interface WaysOptions {
  /** `go`, `node` or '' for what is there. */
  readonly server: string;
  /** Output directory of another build, to be measured beside this one; '': none. */
  readonly against: string;
  /** `NODE_OPTIONS` of hub and agent of the other build. */
  readonly againstNodeOptions: string;
}

/** Starts all that is measured, and keeps it to end it. */
export class Starter {
  readonly #stops: (() => Promise<unknown>)[] = [];

  /** Starts the server and all ways to it. Throws what goes wrong; `stop` is due then too. */
  async start(options: WaysOptions): Promise<Ways> {
    const fleet = await this.#fleet();
    const server = await startEchoServer(fleet.dir, options.server);
    this.#stops.push(() => server.process.stop());
    const atServer: ProcessGroup = { name: 'server', pids: [server.process.pid] };

    const { path: program } = await debianTool('nginx');
    const nginx = await startNginx(program, path.join(fleet.dir, 'nginx'), server.address);
    this.#stops.push(() => nginx.stop());
    const behindNginx: ProcessGroup = { name: 'nginx', pids: [nginx.pid] };

    const postern = await startPostern(fleet, server.address, { POSTERN_DIST: compiledRoot });
    const { metadata } = postern;
    const paths: Path[] = [
      { name: 'straight', address: server.address, metadata, groups: [atServer] },
      { name: 'nginx', address: nginx.address, metadata, groups: [behindNginx, atServer] },
      { name: 'postern', ...postern, groups: [...postern.groups, atServer] },
    ];
    if (options.against !== '') {
      const other = await startPostern(await this.#fleet(), server.address, {
        POSTERN_DIST: options.against,
        NODE_OPTIONS: options.againstNodeOptions,
      });
      paths.push({ name: 'other', ...other, groups: [...other.groups, atServer] });
    }
    return { server: server.name, paths };
  }

  /** Ends everything, the last started first. */
  async stop(): Promise<void> {
    for (const end of this.#stops.splice(0).reverse()) await end();
  }

  async #fleet(): Promise<Fleet> {
    const fleet = await Fleet.make();
    this.#stops.push(() => fleet.stop());
    return fleet;
  }
}
