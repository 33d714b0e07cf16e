/** Files that break import rules, and how each break is reported: `rule (specifier)`. */
export const plantedImports: readonly { file: string; text: string; breaks: readonly string[] }[] = [
  {
    file: 'src/agent/static.ts',
    text: "import { door } from '../hub/door.js';\nexport const x = door;\n",
    breaks: ['roles never import each other (../hub/door.js)'],
  },
  {
    file: 'src/agent/type-only.ts',
    text: "import type { Door } from '../hub/door.js';\nexport type X = Door;\n",
    breaks: ['roles never import each other (../hub/door.js)'],
  },
  {
    file: 'src/agent/dynamic.ts',
    text: "export const x = async (): Promise<unknown> => import('../hub/door.js');\n",
    breaks: ['roles never import each other (../hub/door.js)'],
  },
  {
    file: 'src/agent/import-type.ts',
    text: "export type X = import('../hub/door.js').Door;\n",
    breaks: ['roles never import each other (../hub/door.js)'],
  },
  {
    file: 'src/agent/re-export.ts',
    text: "export * from '../hub/door.js';\n",
    breaks: ['roles never import each other (../hub/door.js)'],
  },
  {
    file: 'src/agent/type-re-export.ts',
    text: "export type { Door } from '../hub/door.js';\n",
    breaks: ['roles never import each other (../hub/door.js)'],
  },
  {
    file: 'src/agent/side-effect.ts',
    text: "import '../hub/door.js';\n",
    breaks: ['roles never import each other (../hub/door.js)'],
  },
  {
    file: 'src/agent/alias.ts',
    text: "import { door } from '#hub';\nexport const x = door;\n",
    breaks: ['roles never import each other (#hub)'],
  },
  {
    file: 'src/agent/detour.ts',
    text: "import { door } from '../../src/agent/../hub/door.js';\nexport const x = door;\n",
    breaks: ['roles never import each other (../../src/agent/../hub/door.js)'],
  },
  {
    file: 'src/agent/attribute.ts',
    text: "import data from '../hub/data.json' with { type: 'json' };\nexport const x = data;\n",
    breaks: ['roles never import each other (../hub/data.json)'],
  },
  { file: 'src/hub/data.json', text: '{}\n', breaks: [] },
  {
    file: 'src/hub/command.ts',
    text: "import { door } from '../cli/door.js';\nexport const x = door;\n",
    breaks: ['roles never import each other (../cli/door.js)'],
  },
  {
    file: 'src/rpc/role.ts',
    text: "import type { Door } from '../agent/door.js';\nexport type X = Door;\n",
    breaks: ['foundations import no role (../agent/door.js)'],
  },
  {
    file: 'src/common.ts',
    text: "import { door } from './rpc/door.js';\nexport const x = door;\n",
    breaks: ['common files import no room (./rpc/door.js)'],
  },
  {
    file: 'machines/impure.ts',
    text: "import type { z } from 'zod';\nexport type X = z.ZodType;\n",
    breaks: ['machines import only xstate (zod)'],
  },
  {
    file: 'machines/room.ts',
    text: "import { base } from '../src/base.js';\nexport const x = base;\n",
    breaks: ['machines import only xstate (../src/base.js)'],
  },
  {
    file: 'src/hub/alias-of-nats.ts',
    text: "import { connect } from 'nats';\nexport const x = connect;\n",
    breaks: ['only src/bus imports NATS (nats)'],
  },
  {
    file: 'src/client/nkeys.ts',
    text: "export const x = async (): Promise<unknown> => import('@nats-io/nkeys');\n",
    breaks: ['only src/bus imports NATS (@nats-io/nkeys)'],
  },
  {
    file: 'src/inspector/page/own.ts',
    text: "import type { Door } from '../door.js';\nimport { base } from '../../base.js';\nexport const x: Door = base;\n",
    breaks: ['a page imports itself, what was generated, and what has no room (../door.js)'],
  },
  {
    file: 'src/inspector/from-page.ts',
    text: "export { x } from './page/own.js';\n",
    breaks: ['nobody else imports a page (./page/own.js)'],
  },
  {
    file: 'src/wire/tested.ts',
    text: "import { helper } from '../../test/helper.js';\nexport const x = helper;\n",
    breaks: ['what is shipped imports no test and no script (../../test/helper.js)'],
  },
  {
    file: 'src/tower/newcomer.ts',
    text: "import { base } from '../base.js';\nexport const x = base;\n",
    breaks: ['every room is known (../base.js)'],
  },
  // What is allowed, so that a rule that forbids everything goes red too.
  {
    file: 'src/cli/composed.ts',
    text: "export * from '../hub/door.js';\nexport { door as other } from '../agent/door.js';\n",
    breaks: [],
  },
  {
    file: 'src/bus/connect.ts',
    text: "import { connect } from 'nats';\nexport const x = connect;\n",
    breaks: [],
  },
  {
    file: 'machines/pure.ts',
    text: "import { setup } from 'xstate';\nexport const x = setup;\n",
    breaks: [],
  },
];

/** Machines that reach for what they may not see; those named `pure…` may. */
export const plantedMachines: Readonly<Record<string, string>> = {
  clock: 'export const x = Date.now();',
  'clock-new': 'export const x = new Date();',
  'clock-global': 'export const x = globalThis.Date;',
  'clock-format': 'export const x = new Intl.DateTimeFormat().format();',
  'clock-performance': 'export const x = performance.now();',
  random: 'export const x = Math.random();',
  'random-destructured': 'const { random } = Math;\nexport const x = random;',
  'random-indexed': "export const x = Math['random']();",
  'random-crypto': 'export const x = crypto.randomUUID();',
  process: 'export const x = process.env;',
  timer: 'setTimeout(() => {}, 1);',
  immediate: 'setImmediate(() => {});',
  fetch: "export const x = fetch('http://127.0.0.1');",
  console: "console.log('x');",
  'module-static': "import { readFileSync } from 'node:fs';\nexport const x = readFileSync;",
  'module-bare': "import fs from 'fs';\nexport const x = fs;",
  'module-dynamic': "export const x = import('node:timers');",
  'module-type': "export type X = import('node:fs').Stats;",
  eval: "export const x = eval('1');",
  pure: 'export const x = Math.max(1, 2) + [1, 2].map((n) => n * 2).length;',
  'pure-clockless': 'export type At = number;\nexport const x: At = Object.keys({ a: 1 }).length;',
};
