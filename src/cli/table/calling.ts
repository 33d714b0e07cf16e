import { answerForms, callOptions } from '../calling/options.js';
import type { ArgumentSpec, CommandSpec } from '../command-spec.js';
import { headerOption, hubOptions, readyOutputOption, schemaOptions } from '../common-options.js';

const nodeArgument: ArgumentSpec = {
  name: 'NODE',
  summary: "name of the node; 'hub' for the hub's own services",
  completes: 'node',
};

/** The commands that call nodes. */
export const callingCommands: readonly CommandSpec[] = [
  {
    path: ['call'],
    summary: 'call any method of a node',
    description:
      "Types come from the node's reflection, or from --proto or --protoset. Requests and answers are proto3 JSON, or its mirrors in YAML and XML. The exit status is 64 plus the gRPC code when the call fails.",
    arguments: [nodeArgument, { name: 'METHOD', summary: 'package.Service/Method' }],
    options: [
      ...callOptions,
      {
        name: 'output',
        short: 'o',
        kind: 'choice',
        choices: answerForms,
        summary: 'form of the answers (default: that of the codec); json is the same as prettyjson',
      },
      ...schemaOptions,
      ...hubOptions,
    ],
    examples: [
      {
        line: `postern call etcd etcdserverpb.KV/Range -d '{"key":"Zm9v"}'`,
        does: 'one request, one answer',
      },
      { line: 'postern call greenhouse grpc.health.v1.Health/Check', does: 'an empty request' },
      {
        line: 'tail -f readings.jsonl | postern call greenhouse garden.Log/Upload -d @ -o jsonl',
        does: 'a stream of requests, sent as they arrive',
      },
      { line: 'postern call hub postern.v1.NodesService/ListNodes', does: "call the hub's own services" },
    ],
    load: () => import('../commands/call.js'),
  },
  {
    path: ['list'],
    summary: 'list the services of a node, or the methods of a service',
    arguments: [nodeArgument, { name: 'SERVICE', summary: 'a service, to list its methods', optional: true }],
    options: [headerOption, ...schemaOptions, ...hubOptions],
    examples: [
      { line: 'postern list etcd', does: 'all services' },
      { line: 'postern list etcd etcdserverpb.KV', does: 'the methods of one' },
    ],
    load: () => import('../commands/list.js'),
  },
  {
    path: ['describe'],
    summary: "show a node's service, method or type as it would be written in a .proto file",
    arguments: [
      nodeArgument,
      {
        name: 'SYMBOL',
        summary: 'full name of a service, method, message or enum; all services when left out',
        optional: true,
      },
    ],
    options: [headerOption, ...schemaOptions, ...hubOptions],
    examples: [
      { line: 'postern describe etcd etcdserverpb.KV.Range', does: 'a method and its types' },
      { line: 'postern describe etcd mvccpb.KeyValue', does: 'a message' },
    ],
    load: () => import('../commands/describe.js'),
  },
  {
    path: ['proxy'],
    summary: 'listen on this machine for clients that can name no node and hold no token',
    description:
      "Whatever calls the listener reaches the node: the node's name and the token are added on the way. The client's own authorization passes to the node.",
    arguments: [nodeArgument],
    options: [
      {
        name: 'listen',
        kind: 'list',
        value: 'ADDRESS',
        shownDefault: '127.0.0.1:0, any free port',
        summary:
          'where to listen, HOST:PORT or unix:/PATH; whoever reaches it has your rights; may be repeated',
      },
      readyOutputOption,
      ...hubOptions,
    ],
    examples: [
      {
        line: 'postern proxy etcd --listen 127.0.0.1:2379',
        does: 'then: etcdctl --endpoints 127.0.0.1:2379 get foo',
      },
    ],
    load: () => import('../commands/proxy.js'),
  },
  {
    path: ['forward'],
    summary: 'lead connections to this machine to a port behind a node',
    description:
      'Listens here; each connection is carried to the target as it is, whatever it speaks. A node leads only to its own gRPC servers, and to what its agent was told with --forward.',
    arguments: [
      nodeArgument,
      {
        name: 'LOCALPORT:HOST:PORT',
        summary:
          'local port (empty: any) and target as the node sees it; LOCALPORT:PORT is a port of its machine, LOCALPORT alone its gRPC server',
      },
    ],
    options: [
      {
        name: 'address',
        kind: 'text',
        value: 'HOST',
        default: '127.0.0.1',
        summary: 'where to listen; whoever reaches it has your rights',
      },
      readyOutputOption,
      ...hubOptions,
    ],
    examples: [
      {
        line: 'postern forward cellar 5432:127.0.0.1:5432',
        does: "then: psql -h 127.0.0.1, at the node's database",
      },
      {
        line: 'postern forward cellar 8080:printer.lan:80',
        does: 'a port of another machine that the node sees',
      },
    ],
    load: () => import('../commands/forward.js'),
  },
];
