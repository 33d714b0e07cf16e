import type { CommandSpec, OptionSpec } from '../command-spec.js';
import { configOption, dataOption, logLevelOption, readyOutputOption } from '../common-options.js';

const daemonOptions = [
  {
    name: 'listen',
    kind: 'list',
    value: 'ADDRESS',
    shownDefault: '127.0.0.1:9091',
    summary: 'where it serves gRPC, HOST:PORT; nobody is asked who they are there',
  },
  {
    name: 'role',
    kind: 'choice',
    choices: ['peer', 'rdvp', 'relay', 'bootstrap', 'replication'],
    default: 'peer',
    summary: 'what it is to others',
  },
  {
    name: 'peer-listen',
    kind: 'text',
    value: 'ADDRESS',
    default: '127.0.0.1:0',
    summary: 'where it takes peers, HOST:PORT; off: it only dials',
  },
  {
    name: 'advertise',
    kind: 'list',
    value: 'ADDRESS',
    summary: 'where peers reach it, when that is not where it listens; may be repeated',
  },
  {
    name: 'peer',
    kind: 'list',
    value: 'ADDRESS',
    summary: 'a peer, HOST:PORT or relay:HOST:PORT/KEY; may be repeated',
  },
  {
    name: 'rdvp',
    kind: 'list',
    value: 'ADDRESS',
    summary: 'a rendezvous point: tells of peers of the same groups; may be repeated',
  },
  {
    name: 'relay',
    kind: 'list',
    value: 'ADDRESS',
    summary: 'a relay: leads peers here that cannot dial it; may be repeated',
  },
  {
    name: 'bootstrap',
    kind: 'list',
    value: 'ADDRESS',
    summary: 'a bootstrap: tells of any peers; may be repeated',
  },
  {
    name: 'accept-token',
    kind: 'list',
    value: 'TOKEN',
    summary:
      'role replication: whoever shows it may have groups held here; better in the environment; may be repeated',
  },
  {
    name: 'accept-key',
    kind: 'list',
    value: 'KEY',
    summary:
      'role replication: take tokens that a token server has signed with this key: in base64, the https URL of its /.well-known/jwks.json, or a file with that; may be repeated',
  },
  {
    name: 'dialect',
    kind: 'choice',
    choices: ['weshnet.protocol.v1', 'berty.protocol.v1'],
    default: 'weshnet.protocol.v1',
    summary:
      "which of Berty's daemons it serves as; berty.protocol.v1 is the one that knows files, up to v2.434.7",
  },
  { name: 'acknowledge', kind: 'flag', summary: "acknowledge each user message, as Berty's messenger does" },
  {
    name: 'min-backoff',
    kind: 'duration',
    default: '250ms',
    summary: 'how soon a lost peer is tried again at first',
  },
  {
    name: 'max-backoff',
    kind: 'duration',
    default: '10s',
    summary: 'how late a lost peer is tried again at last',
  },
  { name: 'idle', kind: 'duration', default: '15s', summary: 'how long a peer may be silent' },
  {
    name: 'sync',
    kind: 'duration',
    default: '5s',
    summary: 'how often peers tell each other all that they have',
  },
  {
    name: 'misbehave',
    kind: 'text',
    value: 'LIST',
    summary:
      'go wrong on purpose, WHAT=N for one in N, WHAT=@N for the Nth: lose, double, reorder, corrupt, crash-before-write, crash-torn-write, crash-after-write',
  },
  { name: 'seed', kind: 'text', value: 'TEXT', default: '0', summary: 'decides which ones go wrong' },
  {
    name: 'truth',
    kind: 'text',
    value: 'FILE',
    summary: 'where it is written what went wrong on purpose (default: truth.jsonl beside its logs)',
    completes: 'file',
  },
  dataOption,
  configOption,
  readyOutputOption,
  logLevelOption,
] satisfies OptionSpec[];

/** The command that starts the reference daemon. */
export const daemonCommand: CommandSpec = {
  path: ['daemon'],
  summary: 'start the reference messaging daemon, to rehearse with',
  description:
    "A small messaging daemon with groups whose logs peers bring to the same entries. It serves what clients of a Berty daemon call, so that what is built for one can be tried on the other. Its files are in 'daemon' below the data directory.",
  options: daemonOptions,
  examples: [
    { line: 'postern daemon', does: 'alone, on 127.0.0.1:9091' },
    {
      line: 'postern daemon --listen 127.0.0.1:9092 --data ./b --peer-listen 0.0.0.0:4102 --peer 192.0.2.7:4101',
      does: 'a second one, with a peer',
    },
    { line: 'postern daemon --role rdvp --peer-listen 0.0.0.0:4100', does: 'tells peers of each other' },
    {
      line: 'postern daemon --role replication --peer-listen 0.0.0.0:4103 --accept-key http://127.0.0.1:8091/.well-known/jwks.json',
      does: 'holds groups for those who have a token of the token server',
    },
    {
      line: 'postern daemon --misbehave lose=50,double=100 --seed 7 --truth lies.jsonl',
      does: 'goes wrong on purpose, and tells where',
    },
  ],
  load: () => import('../commands/daemon.js'),
};
