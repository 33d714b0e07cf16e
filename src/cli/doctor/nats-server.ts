import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { findServerBinary, type ServerBinary } from '../../bus/server-binary.js';
import { PosternError } from '../../errors.js';
import { createLogger } from '../../log.js';
import { readPrivateFile } from '../../private-file.js';
import { type Check, fail, ok, quoted, warn } from './check.js';
import type { Subject } from './subject.js';

/** Whether `postern up` would find a nats-server, and whether one that was installed is still what it was. */
export const natsServerCheck: Check = {
  name: 'nats-server',
  async run(subject) {
    const found = await find(subject);
    if (found === undefined) {
      return warn(
        'there is none',
        'nothing to do: `postern up` fetches one; or install nats-server 2.9 or newer',
      );
    }
    const sum = await readPrivateFile(`${found.path}.sha256`).catch(() => undefined);
    if (sum !== undefined && sum !== (await sha256(found.path))) {
      return fail(
        `${found.path} is not the file any more that was installed`,
        `\`rm ${quoted(found.path)}\`; \`postern up\` fetches it again`,
      );
    }
    return ok(`${found.version}, ${found.source}${sum === undefined ? '' : ', checksum right'}`);
  },
};

async function find({ toolsDir, env }: Subject): Promise<ServerBinary | undefined> {
  try {
    return await findServerBinary({ toolsDir, log: createLogger('silent'), env, install: false });
  } catch (thrown) {
    if (thrown instanceof PosternError && thrown.code === 'NO_NATS_SERVER') return undefined;
    throw thrown;
  }
}

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest('hex');
}
