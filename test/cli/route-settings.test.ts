import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commands } from '../../src/cli/commands.js';
import { hubConfigOf, upBindings, upSettings } from '../../src/cli/hub-settings.js';
import { Options } from '../../src/cli/options.js';
import { routesOrigin } from '../../src/cli/route-settings.js';
import { readSettings } from '../../src/cli/settings.js';

const command = commands.find(({ path }) => path.join(' ') === 'up') ?? assert.fail();

/** A run of `postern up` with these flags. */
function invoked(flags: Record<string, unknown>, env: NodeJS.ProcessEnv = {}) {
  const options = new Options(command.options ?? [], new Map(Object.entries(flags)), env);
  return { command, words: [], options, streams: process, env };
}

const read = (flags: Record<string, unknown>) => readSettings(invoked(flags), upSettings, upBindings);

test('a row has every setting on the command line, some of them several times', async () => {
  const { routes } = await read({
    route: [
      'name=a,host=A.test,path=/api,to=http://127.0.0.1:1,access=token,stripPrefix=true,roles=operate,roles=trace,methods=GET',
      'host=b.test,to=grpcs://h:1,ca=ca.pem,timeoutSeconds=1.5,ownPort=true,assertion=true,cors=https://x.test',
    ],
  });
  assert.deepEqual(routes, [
    {
      name: 'a',
      host: 'a.test',
      pathPrefix: '/api',
      to: 'http://127.0.0.1:1',
      access: 'token',
      stripPrefix: true,
      roles: ['operate', 'trace'],
      methods: ['GET'],
    },
    {
      host: 'b.test',
      to: 'grpcs://h:1',
      ca: 'ca.pem',
      timeoutSeconds: 1.5,
      ownPort: true,
      assertion: true,
      cors: ['https://x.test'],
    },
  ]);
  const from = (flags: Record<string, unknown>, env?: NodeJS.ProcessEnv) => routesOrigin(invoked(flags, env));
  assert.equal(from({ route: ['host=a,node=n'], config: '/p.yaml' }), '--route');
  assert.equal(from({}, { POSTERN_ROUTE: 'host=a,node=n' }), 'POSTERN_ROUTE');
  assert.equal(from({ config: '/p.yaml' }), '/p.yaml');
});

test('a row or certificate that is wrong is told with its text', async () => {
  const rows: [Record<string, unknown>, RegExp][] = [
    [{ route: ['host=h,too=x'] }, /--route: 'host=h,too=x': 'too' is not one of path, name, host/],
    [{ route: ['host=h,host=i,node=n'] }, /'host' is given twice/],
    [{ route: ['host=h,node=N'] }, /--route: 'host=h,node=N': node: a node name is/],
    [{ route: ['host=h,to=grpc:/h'] }, /--route: 'host=h,to=grpc:\/h': .* write grpc:\/\/HOST:PORT/],
    [{ route: ['host=h,to=http://h:1,stripPrefix=yes'] }, /stripPrefix: .*expected boolean/],
    [{ certificate: ['cert=a.crt'] }, /'cert=a\.crt' is not of the form cert=FILE,key=FILE/],
    [{ certificate: ['cert=a,key=b,host=a:1'] }, /is not of the form/],
    [{ 'tls-cert-file': 'a.crt' }, /a certificate and its key go together/],
  ];
  for (const [flags, message] of rows) {
    await assert.rejects(read(flags), { code: 'CONFIG_INVALID', message }, JSON.stringify(flags));
  }
});

test('the certificate of --tls-cert-file is the first, then those of --certificate', async () => {
  const tlsOf = async (flags: Record<string, unknown>) =>
    hubConfigOf(await read(flags), { data: '/d', natsUrls: [] }).tls;
  const certificate = ['cert=b.crt,key=b.key,host=b.test,host=*.b.test', 'cert=c.crt,key=c.key'];
  const b = { cert: 'b.crt', key: 'b.key', hosts: ['b.test', '*.b.test'] };
  const c = { cert: 'c.crt', key: 'c.key' };
  const files = { 'tls-cert-file': 'a.crt', 'tls-key-file': 'a.key' };
  assert.deepEqual(await tlsOf({ certificate }), { ...b, clientCa: undefined, more: [c] });
  assert.deepEqual(await tlsOf({ ...files, certificate, 'tls-ca-cert-file': 'ca.crt' }), {
    cert: 'a.crt',
    key: 'a.key',
    clientCa: 'ca.crt',
    more: [b, c],
  });
  assert.equal(await tlsOf({}), undefined);
  await assert.rejects(tlsOf({ tls: true }), { code: 'CONFIG_INVALID', message: /TLS needs a certificate/ });
});
