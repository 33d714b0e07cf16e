import type { CommandSpec, OptionSpec } from '../command-spec.js';
import {
  configOption,
  connectTimeoutOption,
  dataOption,
  drainOption,
  hubTlsOptions,
  joinTokenOptions,
  logLevelOption,
  readyOutputOption,
} from '../common-options.js';
import { daemonFaultOptions } from './daemon-fault-options.js';
import { doorOptions } from './door-options.js';
import { infraOptions } from './infra-options.js';
import { issuerOptions } from './issuer-options.js';
import { logOptions } from './log-options.js';
import { processOptions } from './process-options.js';
import { routingOptions } from './routing.js';
import { upstreamTlsOptions } from './upstream-options.js';
import { webhookOptions } from './webhook-options.js';

/** Options of whatever has a front door. */
export const frontOptions: readonly OptionSpec[] = [
  {
    name: 'listen',
    kind: 'list',
    value: 'ADDRESS',
    shownDefault: '127.0.0.1:8080 and 127.0.0.1:9090',
    summary:
      'address for callers and agents, HOST:PORT, :PORT or unix:/PATH; port 0 takes any; may be repeated',
  },
  {
    name: 'tls',
    kind: 'flag',
    summary: 'speak TLS, and without TLS only with clients on this machine; on when a certificate is given',
  },
  {
    name: 'tls-cert-file',
    kind: 'text',
    value: 'FILE',
    summary: 'certificate of the listeners, PEM, with what leads to its issuer; read anew when it changes',
    completes: 'file',
  },
  {
    name: 'tls-key-file',
    kind: 'text',
    value: 'FILE',
    summary: 'private key of that certificate, PEM',
    completes: 'file',
  },
  {
    name: 'tls-ca-cert-file',
    kind: 'text',
    value: 'FILE',
    summary: 'demand a certificate of one of these authorities from clients, PEM',
    completes: 'file',
  },
  {
    name: 'legacy-tunnel',
    kind: 'list',
    value: 'NODE=ADDRESS',
    summary:
      'let this node open tunnels without any secret from an address or a network such as 10.1.0.0/16; may be repeated',
  },
  {
    name: 'cors-origin',
    kind: 'list',
    value: 'ORIGIN',
    summary:
      "let web pages of this origin call by gRPC-web: https://app.example.org, https://*.example.org, or '*' for all; may be repeated",
  },
  ...doorOptions,
  ...webhookOptions,
  ...logOptions,
  ...issuerOptions,
  dataOption,
  configOption,
  {
    name: 'domain',
    kind: 'text',
    value: 'NAME',
    summary: 'calls to the host NODE.NAME go to that node',
  },
  ...routingOptions,
  {
    name: 'metrics',
    kind: 'text',
    value: 'ADDRESS',
    summary: "address of Prometheus' /metrics, 'off' for none (default: 127.0.0.1:9464)",
  },
  {
    name: 'nats-advertise',
    kind: 'list',
    value: 'URL',
    summary: 'URL of the bus that agents are told (default: the one that the hub uses); may be repeated',
  },
  {
    name: 'credential-ttl',
    kind: 'duration',
    summary: "life of an agent's bus credentials (default: 24h)",
  },
  drainOption,
  readyOutputOption,
  logLevelOption,
];

export const natsListenOption = {
  name: 'nats-listen',
  kind: 'text',
  value: 'HOST:PORT',
  summary: 'address of the NATS server (default: a free port on 127.0.0.1, kept over restarts)',
} satisfies OptionSpec;

const accountsOption = {
  name: 'accounts',
  kind: 'text',
  value: 'FILE',
  summary: 'serve accounts too, as this file says, and take their tokens: see `postern accounts serve`',
  completes: 'file',
} satisfies OptionSpec;

/** The commands that run until they are told to stop. */
export const servingCommands: readonly CommandSpec[] = [
  {
    path: ['up'],
    summary: 'start a hub with a bus of its own, all that one machine needs',
    description:
      'Starts a NATS server and a hub. Keys and an admin token are made in the data directory at the first start; the other commands on this machine find the hub and the token there. SIGTERM or Ctrl-C lets open calls finish, a second one ends at once.',
    options: [...frontOptions, natsListenOption, accountsOption],
    examples: [
      { line: 'postern up', does: 'listen on 127.0.0.1:8080 and 127.0.0.1:9090' },
      {
        line: 'postern up --listen :9090 --nats-listen 0.0.0.0:4222 --nats-advertise nats://hub.example.org:4222',
        does: 'let callers and agents of other machines in',
      },
      {
        line: 'postern up --config postern.yaml --output json',
        does: 'settings from a file, a JSON line when ready',
      },
    ],
    hearsHangUps: true,
    load: () => import('../commands/up.js'),
  },
  {
    path: ['hub'],
    summary: 'start a hub on a NATS server that runs already',
    description:
      "The NATS server must run with the configuration that `postern init` wrote in the same data directory. With the name of a method behind it, it is a call of the hub's own service instead: `postern hub list-clients`, `postern hub activity-feed`.",
    options: [
      ...frontOptions,
      {
        name: 'nats',
        kind: 'list',
        value: 'URL',
        summary: 'the NATS server, nats://HOST:PORT; may be repeated',
      },
    ],
    examples: [
      {
        line: 'postern hub --nats nats://127.0.0.1:4222 --data /var/lib/postern',
        does: 'use the NATS server on this machine',
      },
    ],
    hearsHangUps: true,
    load: () => import('../commands/hub.js'),
  },
  {
    path: ['agent'],
    summary: 'serve a node: carry its calls to a gRPC server near by',
    description:
      'Dials out to the hub and the bus; nobody needs to reach this machine. A join token is needed once, to bind the key of this agent to the name of the node; beside a running hub the agent makes itself one. SIGHUP, where it is not on a terminal, is for its next attempt at once.',
    options: [
      { name: 'node', kind: 'text', value: 'NAME', summary: 'name of the node, one lower-case DNS label' },
      {
        name: 'to',
        kind: 'list',
        value: '[PREFIX=]ADDRESS',
        summary:
          'the gRPC server: HOST:PORT, unix:PATH or tls://HOST:PORT; with PREFIX only for services that start so; may be repeated',
      },
      ...processOptions,
      {
        name: 'daemon',
        kind: 'text',
        value: 'ADDRESS',
        summary:
          'the gRPC of a Berty daemon, or of `postern daemon`, that tests run on: HOST:PORT; see `postern test`',
      },
      ...daemonFaultOptions,
      ...infraOptions,
      {
        name: 'forward',
        kind: 'list',
        value: 'ADDRESS',
        summary:
          'lead connections here too, HOST:PORT or unix:PATH; without it only to the servers of --to; may be repeated',
      },
      {
        name: 'logs',
        kind: 'list',
        value: '[NAME=]PATH',
        summary:
          'let callers read the log files in this directory, or this file, see docs/logs.md; may be repeated',
      },
      {
        name: 'label',
        kind: 'list',
        value: 'KEY=VALUE',
        summary: "shown beside the node's name; may be repeated",
      },
      { name: 'share', kind: 'flag', summary: 'let other agents serve the same node at the same time' },
      {
        name: 'hub',
        kind: 'text',
        value: 'URL',
        summary: 'front door of the hub (default: the hub of the data directory, else http://127.0.0.1:8080)',
      },
      ...hubTlsOptions,
      ...joinTokenOptions,
      {
        name: 'nats',
        kind: 'list',
        value: 'URL',
        summary: 'the bus, instead of what the hub tells; may be repeated',
      },
      ...upstreamTlsOptions,
      {
        name: 'metrics',
        kind: 'text',
        value: 'ADDRESS',
        summary: "address of Prometheus' /metrics (default: 'off', none)",
      },
      dataOption,
      configOption,
      connectTimeoutOption,
      drainOption,
      readyOutputOption,
      logLevelOption,
    ],
    examples: [
      { line: 'postern agent --node etcd --to 127.0.0.1:2379', does: 'on the machine of the hub' },
      {
        line: 'POSTERN_TOKEN=pj_… postern agent --node greenhouse --to 127.0.0.1:50051 --hub http://hub.example.org:8080 --label zone=south',
        does: 'elsewhere, with a join token',
      },
      {
        line: 'postern agent --node box --to 127.0.0.1:7000 --to metrics.=unix:/run/metrics.sock',
        does: 'two servers, told apart by the service',
      },
      {
        line: "postern agent --node testserver --fluentd 'fluentd -c /etc/fluent/fluent.conf'",
        does: 'a process that callers start and stop as external.Fluentd, and no server',
      },
    ],
    hearsHangUps: true,
    load: () => import('../commands/agent.js'),
  },
  {
    path: ['init'],
    summary: 'make the keys, and a configuration for a NATS server of your own',
    description:
      'For a NATS server that is not started by `postern up`: prints the path of the configuration that it wrote. Running it again keeps the keys.',
    options: [
      dataOption,
      {
        name: 'nats-listen',
        kind: 'text',
        value: 'HOST:PORT',
        default: '127.0.0.1:4222',
        summary: 'address that the NATS server shall listen on',
      },
      {
        name: 'store',
        kind: 'text',
        value: 'DIR',
        summary: "directory for the NATS server's files (default: DATA/jetstream)",
        completes: 'directory',
      },
      logLevelOption,
    ],
    examples: [
      {
        line: 'nats-server -c "$(postern init --data /var/lib/postern)"',
        does: 'make the configuration and start a server with it',
      },
    ],
    load: () => import('../commands/init.js'),
  },
];
