/** Every case of the conformance tests and what is expected of it; docs/conformance.md is made from this. */

import { interopCases } from '../support/interop/cases.js';
import type { NegativeCase } from '../support/negative-http2.js';

export type Implementation = 'grpc-go' | 'grpc-js';

/** A case of grpc-go's interop client. */
export interface GoCase {
  /** Servers that have what the case needs; default: both. */
  readonly servers?: readonly Implementation[];
  /** Why not all servers. */
  readonly why?: string;
  /** More flags for the client. */
  readonly flags?: readonly string[];
  /** How the call names its node; default: by metadata. `postern proxy` does it for calls that carry none. */
  readonly by?: 'postern proxy';
}

const soak = [
  ...['-soak_iterations', '20', '-soak_overall_timeout_seconds', '30', '-soak_num_threads', '4'],
  // A second is what a call may take at first: tests share their machine. All together have 30.
  ...['-soak_per_iteration_max_acceptable_latency_ms', '5000'],
];
const orca: GoCase = {
  servers: ['grpc-go'],
  why: 'the grpc-js server reports no load',
  flags: ['-service_config_json', '{"loadBalancingConfig":[{"test_backend_metrics_load_balancer":{}}]}'],
};

/** The cases of grpc-go's interop client that need no TLS. */
export const goCases: Readonly<Record<string, GoCase>> = {
  empty_unary: {},
  large_unary: {},
  client_streaming: {},
  server_streaming: {},
  ping_pong: {},
  empty_stream: {},
  timeout_on_sleeping_server: {},
  cancel_after_begin: {},
  cancel_after_first_response: {},
  status_code_and_message: {},
  special_status_message: {},
  custom_metadata: {},
  unimplemented_method: {},
  unimplemented_service: {},
  pick_first_unary: { servers: ['grpc-js'], why: "grpc-go's server does not say who it is" },
  rpc_soak: { flags: soak },
  channel_soak: { flags: soak },
  orca_per_rpc: orca,
  orca_oob: { ...orca, by: 'postern proxy' },
};

/** Cases that only exist for clients with credentials of a cloud, which travel over TLS alone. */
export const cloudCases: readonly string[] = [
  'compute_engine_creds',
  'service_account_creds',
  'jwt_token_creds',
  'per_rpc_creds',
  'oauth2_auth_token',
  'google_default_credentials',
  'compute_engine_channel_credentials',
];

/** Cases of gRPC's description that neither grpc-go's client nor ours has. */
export const absentCases: readonly string[] = [
  'cacheable_unary',
  'client_compressed_unary',
  'server_compressed_unary',
  'client_compressed_streaming',
  'server_compressed_streaming',
];

/** The cases of the grpc-js client. */
export const jsCases: readonly string[] = Object.keys(interopCases);

/** A case of the negative HTTP/2 tests. */
export interface NegativeExpectation {
  readonly server: string;
  /** '' where the client is content, else what it says. */
  readonly straight: RegExp | '';
  readonly through: RegExp | '';
  /** What was looked at in the server. */
  readonly seen: string;
}

/** The client wants UNKNOWN, and grpc-go makes INTERNAL of it: of RST_STREAM(NO_ERROR) as of a message that is cut off. */
const wantsUnknown = /UnaryCall\(\) = _, Internal, want _, Unknown$/;

export const negativeExpectations: Readonly<Record<NegativeCase, NegativeExpectation>> = {
  goaway: {
    server: 'says GOAWAY after each answer',
    straight: '',
    through: '',
    seen: 'the second call comes on a new connection',
  },
  rst_after_header: { server: 'resets after the headers', straight: '', through: '', seen: '' },
  rst_during_data: {
    server: 'resets in the middle of the message',
    straight: wantsUnknown,
    through: wantsUnknown,
    seen: '',
  },
  rst_after_data: {
    server: 'resets after the message, without trailers',
    straight: '',
    through: '',
    seen: '',
  },
  ping: {
    server: 'sends PINGs around everything',
    straight: '',
    through: '',
    seen: 'every PING is answered',
  },
  max_streams: {
    server: 'allows one stream',
    straight: '',
    through: '',
    seen: 'no connection ever has two',
  },
};

/** Figures of a run of h2spec with its strict cases, on Node 20. */
export const h2specTotals = {
  cases: 146,
  hub: { passed: 139, failed: 7, skipped: 0 },
  node: { passed: 138, failed: 7, skipped: 1 },
} as const;

/** What Node 20's HTTP/2 server does where h2spec wants something else, the hub as well, by h2spec's selector. */
export const node20Failures: Readonly<Record<string, { readonly title: string; readonly why: string }>> = {
  'http2/5.1/8': {
    title: 'closed: Sends a DATA frame after sending RST_STREAM frame',
    why: 'ignores it',
  },
  'http2/5.1/9': {
    title: 'closed: Sends a HEADERS frame after sending RST_STREAM frame',
    why: 'ignores it',
  },
  'http2/5.1/11': { title: 'closed: Sends a DATA frame', why: 'ignores it' },
  'http2/5.1/12': { title: 'closed: Sends a HEADERS frame', why: 'ignores it' },
  'http2/5.1.1/2': {
    title: 'Sends stream identifier that is numerically smaller than previous',
    why: 'ignores the stream and keeps the connection',
  },
  'http2/6.7/2': {
    title: 'Sends a PING frame with ACK',
    why: 'closes the connection: it had sent no PING',
  },
  'http2/6.9.1/2': {
    title: 'Sends multiple WINDOW_UPDATE frames increasing the flow control window to above 2^31-1',
    why: 'says GOAWAY, but not with FLOW_CONTROL_ERROR',
  },
};
