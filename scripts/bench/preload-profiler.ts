/**
 * Loaded before a program by `NODE_OPTIONS=--import`: SIGUSR2 starts its CPU profile, and a second one writes it to
 * `$BENCH_PROFILE/<what it runs>.cpuprofile`.
 */
import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import path from 'node:path';

/** Microseconds between two samples. */
const intervalMicros = 250;

const session = new Session();
session.connect();
let running = false;
process.on('SIGUSR2', () => {
  void (running ? finish() : begin());
  running = !running;
});

async function begin(): Promise<void> {
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: intervalMicros });
  await session.post('Profiler.start');
}

async function finish(): Promise<void> {
  const { profile } = await session.post('Profiler.stop');
  const name = `${process.argv[2] ?? 'node'}.cpuprofile`;
  writeFileSync(path.join(process.env.BENCH_PROFILE ?? '.', name), JSON.stringify(profile));
}
