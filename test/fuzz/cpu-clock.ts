/**
 * Time that this process kept the event loop busy, in milliseconds: the smaller one of wall and CPU time, so that
 * neither other processes nor the collector's own threads count.
 */
export class CpuClock {
  #wall = 0;
  #cpu: NodeJS.CpuUsage = { user: 0, system: 0 };

  start(): void {
    this.#cpu = process.cpuUsage();
    this.#wall = performance.now();
  }

  elapsedMs(): number {
    const wall = performance.now() - this.#wall;
    // The look at the CPU is needed only where the wall clock alone does not acquit.
    if (wall < 1) return wall;
    const { user, system } = process.cpuUsage(this.#cpu);
    return Math.min(wall, (user + system) / 1000);
  }
}
