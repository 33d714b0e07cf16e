/**
 * Programs that talk over a lab's networks:
 * `echo PORT [ADDRESS]` answers on TCP and UDP, at an address of its own (default: at all of IPv4); each datagram is answered with its text and told in a line;
 * `dial HOST PORT MS` opens one TCP connection and prints what became of it;
 * `udp HOST PORT` and `tcp HOST PORT` send a number every 20 ms and print each one that comes back.
 */
import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { connect, createServer, isIPv6 } from 'node:net';

const everyMs = 20;
const [mode = '', host = '', port = '', timeoutMs = ''] = process.argv.slice(2);

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function ready(): void {
  say(JSON.stringify({ ready: true }));
}

function echo(): void {
  const at = Number(host);
  const address = port || '0.0.0.0';
  const udp = createSocket(isIPv6(address) ? 'udp6' : 'udp4', (message, from) => {
    say(`${from.address} ${message}`);
    udp.send(message, from.port, from.address);
  });
  const tcp = createServer((socket) => {
    socket.on('error', () => {});
    socket.write(`${socket.remoteAddress?.replace('::ffff:', '')}\n`);
    socket.pipe(socket);
  });
  udp.bind(at, address, () => tcp.listen(at, address, ready));
}

function dial(): void {
  const socket = connect({ host, port: Number(port) });
  const end = (what: string): void => {
    say(what);
    process.exit(0);
  };
  setTimeout(() => end('silence'), Number(timeoutMs));
  socket.on('error', (error) =>
    end('code' in error && error.code === 'ECONNREFUSED' ? 'refused' : error.message),
  );
  socket.once('data', (text) => end(`echoed from ${String(text).split('\n')[0]}`));
}

async function askByUdp(): Promise<void> {
  const { address } = await lookup(host, 4);
  const socket = createSocket('udp4', (message) => say(String(message)));
  socket.on('error', (error) => say(`failed: ${error.message}`));
  let number = 0;
  socket.bind(0, () => {
    ready();
    setInterval(() => {
      number += 1;
      socket.send(String(number), Number(port), address, () => {});
    }, everyMs);
  });
}

function askByTcp(): void {
  let number = 0;
  const socket = connect({ host, port: Number(port), noDelay: true }, () => {
    ready();
    setInterval(() => {
      number += 1;
      socket.write(`${number}\n`);
    }, everyMs);
  });
  socket.on('error', (error) => say(`failed: ${error.message}`)).on('close', () => say('failed: closed'));
  let rest = '';
  socket.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) say(line);
  });
}

if (mode === 'echo') echo();
else if (mode === 'dial') dial();
else if (mode === 'udp') await askByUdp();
else if (mode === 'tcp') askByTcp();
else throw new Error(`no such mode: ${mode}`);
