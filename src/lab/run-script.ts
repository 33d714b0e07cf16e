import { spawn } from 'node:child_process';
import { errorText, PosternError } from '../errors.js';

/** More output than this of one script is cut off. */
const mostOutput = 16 * 2 ** 20;

/**
 * Gives a script to a program's input and waits for its end; resolves to what it printed. Throws `LAB_FAILED` with the
 * last line that it said on stderr.
 */
export function runScript(
  [program = '', ...args]: readonly string[],
  script: string,
  { what, timeoutMs }: { what: string; timeoutMs: number },
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: '/', stdio: ['pipe', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    const fail = (why: string): void => {
      clearTimeout(timer);
      reject(new PosternError('LAB_FAILED', `cannot ${what}: ${why}`, { hint: hintFor(why) }));
    };
    child.stdin.on('error', () => {});
    child.stdin.end(script);
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout = (stdout + text).slice(-mostOutput);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-10_000);
    });
    child.once('error', (error) => fail(errorText(error)));
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      if (code === 0) resolve(stdout);
      else fail(signal === null ? lastLine(stderr) : `not done after ${timeoutMs} ms`);
    });
  });
}

/** The line that a program said last and that is no mere pointer at a column. */
export function lastLine(text: string): string {
  const lines = text.split('\n').filter((line) => /[a-z]/i.test(line));
  return lines.find((line) => /error/i.test(line)) ?? lines.at(-1) ?? '';
}

function hintFor(why: string): string | undefined {
  if (
    !/Operation not supported|No such file or directory|Protocol not supported|Unknown device type/i.test(why)
  ) {
    return undefined;
  }
  return 'the kernel needs veth and nf_tables with NAT (CONFIG_VETH, CONFIG_NF_TABLES_INET, CONFIG_NFT_NAT, CONFIG_NFT_MASQ, CONFIG_NFT_CT)';
}
