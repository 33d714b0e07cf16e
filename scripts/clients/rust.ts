/** Rust: a crate of stubs by tonic-prost-build. */
import { rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { checkoutRoot } from '../../test/support/processes.js';
import { alone } from '../kept.js';
import { findToolchain, type Toolchain, type ToolSearch } from '../toolchain.js';
import { ofTheBus } from './protos.js';
import { runTool } from './run-tool.js';
import { buf } from './typescript.js';

/** Where Cargo builds: the crates that both programs need are compiled once. */
const target = path.join(checkoutRoot, '.tools/rust');

/** Finds Cargo 1.85 or newer. Throws `NO_TOOLCHAIN`. */
export function cargo(search: ToolSearch = {}): Promise<Toolchain> {
  return findToolchain(
    {
      name: 'Rust',
      command: 'cargo',
      ask: ['--version'],
      version: /^cargo (\d+\.\d+\.\d+)/,
      oldest: [1, 85],
      hint: 'install Rust 1.85 or newer (https://rustup.rs; Debian 12: apt install cargo-web) and try again',
    },
    { standard: [path.join(homedir(), '.cargo/bin')], ...search },
  );
}

/** The program of a package of this checkout, built where anything has changed; `folder` is relative to the root. */
export async function cargoBuilt(folder: string, name: string): Promise<string> {
  const { command } = await cargo();
  const manifest = path.join(checkoutRoot, folder, 'Cargo.toml');
  const args = ['build', '--quiet', '--locked', '--manifest-path', manifest, '--target-dir', target];
  // A cargo that stands beside its rustc finds it by PATH.
  const env = { PATH: `${path.dirname(command)}${path.delimiter}${process.env.PATH ?? ''}` };
  await alone(`${target}-${name}`, () => runTool(command, args, env));
  return path.join(target, 'debug', name);
}

/** Writes a crate with a module for each package. No protoc is needed: the protos come as descriptors. */
export async function rustStubs(_protos: readonly string[], into: string): Promise<void> {
  const generator = await cargoBuilt('scripts/clients/rust', 'postern-stubs-generator');
  const descriptors = path.join(into, 'descriptors.binpb');
  await buf(['build', '-o', descriptors], ofTheBus);
  await runTool(generator, [descriptors, into]);
  await rm(descriptors);
}
