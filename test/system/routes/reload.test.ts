import assert from 'node:assert/strict';
import { once } from 'node:events';
import { rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { connect } from 'node:tls';
import { type CertificateAuthority, makeAuthority } from '../../../scripts/certs/issue.js';
import { type RecordingService, startRecordingService } from '../../hub/door/recording-service.js';
import { bareCall } from '../../hub/test-hub.js';
import { Fleet } from '../../support/fleet.js';
import { eventually, type RunningProcess } from '../../support/processes.js';

describe('routes and certificates of a hub that runs', () => {
  let fleet: Fleet;
  let hub: RunningProcess;
  let address: string;
  let one: RecordingService;
  let other: RecordingService;
  let token: string;
  let config: string;
  let authority: CertificateAuthority;

  /** Writes the file the way that tools replace one. */
  const replace = async (text: string) => {
    await writeFile(`${config}.new`, text);
    await rename(`${config}.new`, config);
  };
  const write = (routes: readonly string[], certificates: readonly string[] = ['first.test']) => {
    const lines = [
      "listen: ['127.0.0.1:0']",
      "metrics: 'off'",
      'certificates:',
      ...certificates.map((name) => `  - {cert: ${fleet.dir}/${name}.crt, key: ${fleet.dir}/${name}.key}`),
      `routes: [${routes.join(', ')}]`,
    ];
    return replace(`${lines.join('\n')}\n`);
  };
  const certificate = async (name: string) => {
    const made = await authority.issue([name]);
    await writeFile(path.join(fleet.dir, `${name}.crt`), made.cert);
    await writeFile(path.join(fleet.dir, `${name}.key`), made.key);
  };
  const call = (host: string, headers: Record<string, string> = {}) =>
    bareCall(address, { ':authority': host, authorization: `Bearer ${token}`, ...headers }, '/pkg.S/M');
  const linesWith = (text: string) =>
    hub
      .stderr()
      .split('\n')
      .filter((line) => line.includes(text));
  const table = async () => (await fleet.postern(['routes', '-o', 'name'])).stdout.trim().split('\n');
  /** The name that the certificate bears which a client is shown that asks for this one. */
  const shown = async (servername: string) => {
    const [host = '', port] = address.split(':');
    const socket = connect({
      host,
      port: Number(port),
      servername,
      ca: authority.cert,
      checkServerIdentity: () => undefined,
    });
    await once(socket, 'secureConnect');
    const { CN } = socket.getPeerCertificate().subject;
    socket.destroy();
    return CN;
  };

  before(async () => {
    fleet = await Fleet.make();
    config = path.join(fleet.dir, 'postern.yaml');
    authority = await makeAuthority('test authority');
    [one, other] = [await startRecordingService(), await startRecordingService()];
    await certificate('first.test');
    await certificate('second.test');
    await write([
      `{name: kept, host: kept.test, to: 'grpc://${one.address}'}`,
      `{name: gone, host: gone.test, to: 'grpc://${one.address}'}`,
    ]);
    hub = await fleet.start(['up', '--config', config]);
    address = await fleet.hubAddress();
    token = await fleet.callerToken('test');
  });
  after(async () => {
    one.release();
    await fleet.stop();
    await Promise.all([one.stop(), other.stop()]);
  });

  it('are read anew at SIGHUP, while open calls of a row that goes go on', async () => {
    const held = call('gone.test', { 'x-hold': 'yes' });
    const heldToo = call('kept.test', { 'x-hold': 'yes' });
    await eventually('both calls are open', () => one.seen.length === 2);
    assert.equal(await shown('second.test'), 'first.test');

    await write(
      [
        `{name: kept, host: kept.test, to: 'grpc://${one.address}'}`,
        `{name: new, host: new.test, to: 'grpc://${other.address}'}`,
      ],
      ['first.test', 'second.test'],
    );
    hub.signal('SIGHUP');
    await eventually('the new row is in effect', async () => (await call('new.test')).status === 0);
    assert.equal(other.seen.length, 1);
    assert.deepEqual(await table(), ['kept', 'new']);
    assert.equal(await shown('second.test'), 'second.test');
    const gone = await call('gone.test');
    assert.equal(gone.status, 12, gone.message);
    assert.equal(one.seen.length, 2);

    one.release();
    assert.deepEqual([(await held).status, (await heldToo).status], [0, 0]);
    const listed = await eventually('no call is open', async () => {
      const told: unknown = JSON.parse((await fleet.postern(['routes', '-o', 'json'])).stdout);
      assert.ok(typeof told === 'object' && told !== null && 'rows' in told && Array.isArray(told.rows));
      return told.rows.every(({ open }) => open === 0) && { ...told, rows: told.rows };
    });
    assert.deepEqual(
      listed.rows.map(({ name, state, open, total }) => ({ name, state, open, total })),
      [
        { name: 'kept', state: 'up', open: 0, total: 1 },
        { name: 'new', state: 'up', open: 0, total: 1 },
      ],
    );
    assert.equal('loadedFrom' in listed && listed.loadedFrom, config);
  });

  it('are refused as a whole where one row is bad, with one line that names it, and the old ones stay', async () => {
    const before = await table();
    /** The hub may have seen the change before it hears the signal. */
    const refused = (why: RegExp) =>
      eventually(`it is told: ${why}`, () =>
        linesWith('the changed configuration cannot be used').some((line) => why.test(line)),
      );
    await write([
      `{name: late, host: late.test, to: 'grpc://${one.address}'}`,
      "{name: loop, host: loop.test, to: 'http://127.0.0.1:9464', stripPrefix: true}",
    ]);
    hub.signal('SIGHUP');
    await refused(/routes\[1\]: stripPrefix needs a pathPrefix/);

    await write([
      `{name: late, host: late.test, to: 'grpc://${one.address}'}`,
      `{name: loop, host: loop.test, to: 'http://${address}'}`,
    ]);
    hub.signal('SIGHUP');
    await refused(/route loop: http:.* is a listener of the hub/);

    await write(
      [`{name: late, host: late.test, to: 'grpc://${one.address}'}`],
      ['first.test', 'missing.test'],
    );
    hub.signal('SIGHUP');
    await refused(/missing\.test\.crt/);
    assert.deepEqual(await table(), before);
    assert.equal((await call('new.test')).status, 0);
    assert.equal((await call('late.test')).status, 12);
    assert.equal(await shown('second.test'), 'second.test');
  });

  it('are read anew without a signal too, and other settings are told to wait', async () => {
    await write([`{name: polled, host: polled.test, to: 'grpc://${one.address}'}`]);
    await eventually('the file was seen to change', async () => (await call('polled.test')).status === 0);
    assert.deepEqual(await table(), ['polled']);
    assert.equal(await shown('second.test'), 'first.test');
    assert.deepEqual(linesWith('settings that count when'), []);
    await replace(`listen: ['127.0.0.1:1']\nmetrics: 'off'\ndomain: d.test\n`);
    hub.signal('SIGHUP');
    await eventually('it is told', () => linesWith('settings that count when').length > 0);
    assert.match(linesWith('settings that count when')[0] ?? '', /"settings":\["listen","domain","tls"\]/);
  });

  it('are checked and tried by commands', async () => {
    await write([
      `{name: base, host: app.test, to: 'http://${one.address}'}`,
      `{host: app.test, pathPrefix: /pkg., node: n1}`,
    ]);
    const good = await fleet.postern(['routes', 'check', config]);
    assert.deepEqual([good.code, good.stdout], [0, `${config}: 2 routes and 1 certificate, all good\n`]);
    hub.signal('SIGHUP');
    await eventually('the rows are in effect', async () => (await table()).includes('base'));
    const test = async (...args: string[]) =>
      (await fleet.postern(['routes', 'test', ...args])).stdout.trim();
    assert.equal(
      await test('--host', 'APP.test:443', '--path', '/pkg.S/M'),
      'row 2 (app.test/pkg.): node n1',
    );
    assert.equal(
      await test('--host', 'app.test', '--path', '/v1', '--kind', 'http'),
      `row 1 (base): http://${one.address}, path /v1, with a token`,
    );
    assert.match(
      await test('--host', 'app.test', '--path', '/a/../pkg.S'),
      /^refused: the path cannot be routed/,
    );
    const nowhere = await fleet.postern(['routes', 'test', '--listener', ':1']);
    assert.equal(nowhere.code, 64 + 3);

    await write(["{host: app.test, to: 'grpc://127.0.0.1:9'}", '{host: APP.test., node: n1}']);
    const bad = await fleet.postern(['routes', 'check', config]);
    assert.equal(bad.code, 2);
    assert.match(bad.stderr, /route app\.test: it has the same conditions as route app\.test/);

    const stranger = await fleet.postern(['routes', '--token', token]);
    assert.equal(stranger.code, 64 + 7, 'the role operate is needed');
  });
});
