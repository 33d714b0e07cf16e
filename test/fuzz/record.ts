import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { z } from 'zod';
import { startAgent } from '../../src/agent/agent.js';
import { makeJoinToken } from '../../src/auth/join-tokens.js';
import { joinToken, startTestHub } from '../hub/test-hub.js';
import { interopCases } from '../support/interop/cases.js';
import { startInteropServer } from '../support/interop/server.js';
import { startTestNats, testLog, until } from '../support/nats.js';
import { checkoutRoot } from '../support/processes.js';
import { omnipotent } from '../support/raw-nats.js';
import { recordHeaders, recordReflection } from './record-calls.js';
import { recordConnections, speakOtherProtocols } from './record-connections.js';
import type { Corpus } from './target.js';

/** So many messages are kept; the cases say much the same again and again after that. */
const mostEntries = 500;
/** Of longer messages the beginning is kept: more would only slow the mutators down, in bytes. */
const longestMessage = 2048;

/** Runs gRPC's interop cases through a real hub, bus and agent, and keeps what was said. */
export async function recordTraffic(): Promise<Corpus> {
  const nats = await startTestNats();
  const data = await mkdtemp(join(tmpdir(), 'postern-fuzz-'));
  const heard = await omnipotent(nats);
  const messages: Buffer[] = [];
  const json: Buffer[] = [];
  heard.subscribe('>', {
    callback: (_error, { subject, data: body }) => {
      if (subject.startsWith('postern.call.')) keep(messages, Buffer.from(body.subarray(0, longestMessage)));
      else if (body[0] === 0x7b && !subject.startsWith('$')) {
        const name = subject.startsWith('postern.') ? subject : 'answer';
        keep(json, Buffer.concat([Buffer.from(`${name}\n`), body]));
      }
    },
  });
  await heard.flush();
  const hub = await startTestHub(nats);
  const server = await startInteropServer();
  const recorder = await recordConnections(hub.address);
  const agent = startAgent(
    {
      node: 'cellar',
      to: [server.address],
      hub: `http://${recorder.address}`,
      token: await joinToken(hub, 'cellar'),
      data,
      drainSeconds: 1,
    },
    { log: testLog, metrics: new Registry(), version: '0.0.0-test' },
  );
  try {
    await agent.ready;
    const metadata = { name: 'cellar', authorization: `Bearer ${hub.adminToken}` };
    const target = { address: recorder.address, metadata };
    await Promise.all(Object.values(interopCases).map((run) => run(target)));
    await speakOtherProtocols(recorder.address);
    await agent.stop();
    await until('the agent has said bye', () => json.some((entry) => entry.includes('.bye.')));
    const { firstBytes } = recorder;
    const { token } = makeJoinToken();
    const hubFile = {
      pid: process.pid,
      listen: [hub.address],
      nats: nats.server.url,
      metrics: '',
      startedAtMs: Date.now(),
    };
    return {
      messages: [...messages, ...(await vectorMessages())],
      firstBytes,
      json,
      tokens: [hub.adminToken, `Bearer ${hub.adminToken}`, token].map((text) => Buffer.from(text)),
      enrolments: firstBytes.map(httpBody).filter((body) => body.length > 0),
      hubFiles: [Buffer.from(JSON.stringify(hubFile))],
      ...(await recordHeaders(hub.adminToken)),
      ...(await recordReflection(server.address)),
    };
  } finally {
    await agent.stop();
    recorder.stop();
    await server.stop();
    await hub.stop();
    await heard.close();
    await nats.stop();
    await rm(data, { recursive: true, force: true });
  }
}

function keep(entries: Buffer[], entry: Buffer): void {
  if (entries.length < mostEntries) entries.push(entry);
}

/** What stands behind the header of a request over HTTP/1.1. */
function httpBody(bytes: Buffer): Buffer {
  const end = bytes.indexOf('\r\n\r\n');
  return bytes.includes('HTTP/1.1\r\n') && end >= 0 ? bytes.subarray(end + 4) : Buffer.alloc(0);
}

async function vectorMessages(): Promise<Buffer[]> {
  const text = await readFile(join(checkoutRoot, 'docs/protocol-vectors.json'), 'utf8');
  return z
    .array(z.object({ hex: z.string() }))
    .parse(JSON.parse(text))
    .map(({ hex }) => Buffer.from(hex, 'hex'));
}
