import { errorText } from '../../errors.js';
import { type Check, fail, ok, skipped, warn } from './check.js';

/** Tokens and certificates are read by the clock; more than this is too much, in seconds. */
const mostSkewSeconds = 60;
/** The header tells whole seconds, and an answer takes a while: less than this is nothing. */
const noticedSkewSeconds = 5;

/** Whether what listens there is a hub, answers, and is ready for calls. */
export const hubHealthCheck: Check = {
  name: 'hub health',
  async run(subject) {
    const target = await subject.target().catch(() => undefined);
    if (target === undefined) return skipped('it is not known where the hub is');
    try {
      const { status, body } = await subject.get('/readyz');
      const says =
        body
          .trim()
          .split('\n', 1)[0]
          ?.replace(/\p{Cc}/gu, '?') ?? '';
      if (status === 200 && says === 'ready') return ok('ready for calls');
      if (status === 503) {
        return fail(
          `the hub says: ${says}`,
          'look at its log, and whether its NATS server runs with JetStream',
        );
      }
      return fail(
        `what answers at ${target.address} is no hub: HTTP ${status} at /readyz`,
        'say where the hub is: --hub, or `postern context add NAME --hub https://HOST --select`',
      );
    } catch (thrown) {
      const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
      if (code === 'ECONNREFUSED' || code === 'ENOENT') return skipped('nothing listens there');
      const pid = (await subject.running())?.pid;
      return fail(
        `what listens at ${target.address} does not answer: ${errorText(thrown)}`,
        pid === undefined
          ? 'look at the machine of the hub: it may stand still, or this is another program, or it speaks TLS (https://)'
          : `the hub is process ${pid}: if it was stopped, \`kill -CONT ${pid}\`; else end it and start it again`,
      );
    }
  },
};

/** Whether the hub's clock and ours agree. */
export const clockCheck: Check = {
  name: 'clock',
  async run(subject) {
    if (!(await subject.answers())) return skipped('the hub does not answer');
    const { dateMs, atMs } = await subject.get('/healthz');
    if (dateMs === undefined) return skipped('the hub does not tell its time');
    // A whole second is cut off, half of it on average.
    const ahead = Math.round((atMs - dateMs - 500) / 1000);
    const text = `this clock is ${Math.abs(ahead)} s ${ahead < 0 ? 'behind' : 'ahead of'} the hub's`;
    const mend = 'set both by a time server: `timedatectl set-ntp true`, on the machine that is wrong';
    if (Math.abs(ahead) > mostSkewSeconds) return fail(`${text}, more than ${mostSkewSeconds} s`, mend);
    return Math.abs(ahead) > noticedSkewSeconds ? warn(text, mend) : ok("as the hub's");
  },
};
