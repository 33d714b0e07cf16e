/** A line behind `postern`, and what comes of it. `@NAME` is a file of the stage, ADDR its hub, TOKEN a caller's token. */
export interface ServiceLine {
  readonly text: string;
  /** Standard input. Default `{}`. */
  readonly input?: string;
  /** Of the environment; the same replacements are made. */
  readonly env?: NodeJS.ProcessEnv;
  /** Exit status. Default 0. */
  readonly code?: number;
  /** Default: nothing at all. */
  readonly out?: RegExp;
  /** Default: nothing at all. */
  readonly err?: RegExp;
}

/** Who is not on the hub's machine finds neither hub nor token there. */
const elsewhere = { POSTERN_DATA: '/nonexistent/postern' };

/** Flags, variables, codecs and ways to name a method, as scripts of before have them. */
export const linesOfBefore: readonly ServiceLine[] = [
  { text: 'hub list-clients', out: /^\{"count":"1","clients":\[\{"name":"testserver",.*\}\]\}\n$/ },
  { text: 'hub list-clients -o yaml', out: /^---\ncount: "1"\nclients:\n {2}- name: testserver\n/ },
  {
    text: 'hub list-clients',
    env: { RESPONSE_FORMAT: 'xml' },
    out: /^<\?xml .*\n<HubListClientsResponse>\n {2}<count>1<\/count>\n {2}<clients>\n {4}<name>testserver</,
  },
  { text: 'hub list-clients --response-format prettyjson', out: /^\{\n {2}"count": "1",\n/ },
  { text: 'fluentd restart testserver', out: /^\{"status":"RESTART_SUCCESS"\}\n$/ },
  { text: 'fluentd start -s ADDR', out: /^\{"status":"START_(?:NOCHANGE|SUCCESS)"\}\n$/ },
  {
    text: 'external.Fluentd Start testserver --codec xml',
    input: '<FluentdStartRequest/>',
    out: /<status>START_/,
  },
  { text: 'test-service unary-call testserver -f @request.yaml', out: /^---\npayload:\n {2}body: AAA=\n$/ },
  {
    text: 'test-service unary-call testserver',
    env: { REQUEST_FILE: '@request.xml', POSTERN_OUTPUT: 'jsonl' },
    out: /^\{"payload":\{"body":"AAAA"\}\}\n$/,
  },
  {
    text: 'test-service unary-call -p --codec yaml',
    out: /^---\nresponseType: COMPRESSABLE\nresponseSize: 0\n/,
  },
  { text: 'fluentd start --print-sample-request -o xml', out: /\n<FluentdStartRequest\/>\n$/ },
  {
    text: 'hub list-clients -s ADDR --auth-token TOKEN --timeout 9s --tls --tls-server-name hub.test --tls-ca-cert-file @ca.crt --tls-cert-file @hub.crt --tls-key-file @hub.key',
    env: elsewhere,
    out: /"testserver"/,
  },
  {
    text: 'hub list-clients',
    env: {
      ...elsewhere,
      SERVER_ADDR: 'ADDR',
      AUTH_TOKEN: 'TOKEN',
      AUTH_TOKEN_TYPE: 'Bearer',
      TIMEOUT: '9s',
      TLS: 'true',
      TLS_SERVER_NAME: 'hub.test',
      TLS_CA_CERT_FILE: '@ca.crt',
      TLS_CERT_FILE: '@hub.crt',
      TLS_KEY_FILE: '@hub.key',
    },
    out: /"testserver"/,
  },
  {
    text: 'hub list-clients -s ADDR --tls --tls-insecure-skip-verify --tls-cert-file @hub.crt --tls-key-file @hub.key',
    out: /"testserver"/,
  },
  {
    text: 'hub list-clients -s ADDR --tls --tls-ca-cert-file @ca.crt',
    code: 1,
    err: /^postern: no hub answers at /,
  },
  { text: 'hub list-clients --hub ADDR --server-addr 127.0.0.1:1', out: /"testserver"/ },
  {
    text: 'hub list-clients -s ADDR --auth-token nonsense',
    code: 80,
    err: /^postern: UNAUTHENTICATED \(16\)/,
  },
];

/** What is told of mistakes. */
export const mistakenLines: readonly ServiceLine[] = [
  {
    text: 'test-service unary-call testserver -f @bad.yml',
    code: 2,
    err: /bad\.yml does not fit grpc\.testing\.SimpleRequest:\n {2}line 2, column 3: payload\.kind: unknown field of grpc\.testing\.Payload; it has /,
  },
  {
    text: 'hub list-clients --codec xml',
    input: '<A>',
    code: 2,
    err: /^postern: standard input is not XML: line 1, column 4: <A> is not closed\n/,
  },
  { text: 'hub list-clients -d {} -f x', code: 2, err: /say either --message or --request-file/ },
  { text: 'hub list-clients -f /no/such.json', code: 2, err: /cannot read -f \/no\/such\.json: ENOENT/ },
  {
    text: 'hub list-client',
    code: 2,
    err: /internal\.Hub has no method 'list-client'\nthere is list-clients, /,
  },
  {
    text: 'tset-service empty-call testserver',
    code: 2,
    err: /node 'testserver' has no service 'tset-service'\nthere is test-service, /,
  },
  {
    text: 'nodse x',
    code: 2,
    err: /'nodse' is no command, and no service of the hub or of its only node 'testserver'; did you mean the command nodes\?/,
  },
  {
    text: 'twin do testserver --proto one.proto --proto two.proto --import-path @protos',
    code: 2,
    err: /^postern: 'twin' may be one\.Twin or two\.Twin\nwrite it in full: postern one\.Twin …\n$/,
  },
  {
    text: 'one.Twin do-it testserver --proto one.proto --proto two.proto --import-path @protos',
    code: 2,
    err: /'do-it' may be DoIt or Do_It\nwrite it as it is declared/,
  },
  {
    text: 'nodse x -s 127.0.0.1:1',
    code: 1,
    err: /^postern: 'nodse' is no command; did you mean the command nodes\? Of services nothing is known: no hub answers at /,
  },
  { text: 'fluentd start testserver -s 127.0.0.1:1', code: 1, err: /^postern: no hub answers at / },
  { text: 'test-service unimplemented-call testserver', code: 76, err: /^postern: UNIMPLEMENTED \(12\)/ },
  { text: 'test-service empty-call nowhere', code: 78, err: /^postern: UNAVAILABLE \(14\): .*nowhere/ },
  {
    text: 'fluentd start',
    env: { TIMEOUT: 'soon' },
    code: 2,
    err: /^postern: TIMEOUT: 'soon' is not a duration/,
  },
];
