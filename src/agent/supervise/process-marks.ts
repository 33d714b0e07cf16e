import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { errorText } from '../../errors.js';

/**
 * Environment variable that the supervised process and what it starts carry. It holds who they belong to:
 * `<owner>.<agent's pid>.<its start>.<keeper's pid>.<its start>`, where starts are those of `/proc/PID/stat`.
 */
export const markVariable = 'POSTERN_PROCESS';

/** Reading marks needs /proc as Linux has it. */
export const marksAreRead = process.platform === 'linux';

/** A process as `/proc/PID/stat` shows it. */
interface ProcessFacts {
  readonly group: number;
  readonly session: number;
  /** When it was started, in ticks since the machine was. */
  readonly start: string;
  /** It has ended; its parent has not been told yet. */
  readonly ended: boolean;
}

/** The part of a mark that tells whose a process is: the agent that has this key in its data directory. */
export function ownerOf(publicKey: string): string {
  return createHash('sha256').update(`process of ${publicKey}`).digest('hex').slice(0, 32);
}

/** How a process is told from a later one with the same id: `<pid>.<start>`. */
export function selfMark(pid: number = process.pid): string {
  return `${pid}.${factsOf(pid)?.start ?? '0'}`;
}

/** What must be there for a process to be there: its id or, negative, its group; and the start of its mark. */
export interface Whereabouts {
  /** Id of its process group and session; undefined while it is not known. */
  readonly group: number | undefined;
  /** Start of the mark of it and all that it started. */
  readonly mark: string;
}

/**
 * What is left of a process: the ids of all in its group or session, or with its mark. Where there is no /proc: the
 * negative id of its group, or nothing.
 */
export function leftOf({ group, mark }: Whereabouts): number[] {
  if (!marksAreRead) return group !== undefined && sendSignal(-group, 0) ? [-group] : [];
  return everyProcess().filter((pid) => {
    const facts = factsOf(pid);
    if (facts === undefined || facts.ended) return false;
    return (group !== undefined && [facts.group, facts.session].includes(group)) || hasMark(pid, mark);
  });
}

/** Who is left of former lives of an agent, and whether somebody is still at work to end it. */
export interface Leftover {
  readonly pid: number;
  /** Its agent is there: it is none of our business. */
  readonly agentLives: boolean;
  /** Its keeper is there, and ends it. */
  readonly keeperLives: boolean;
}

/** All processes that carry a mark of that owner. */
export function leftoversOf(owner: string): Leftover[] {
  if (!marksAreRead) return [];
  return everyProcess().flatMap((pid) => {
    const mark = markOf(pid);
    if (mark === undefined || !mark.startsWith(`${owner}.`) || factsOf(pid)?.ended !== false) return [];
    const [, agent = '', agentStart = '', keeper = '', keeperStart = ''] = mark.split('.');
    return [{ pid, agentLives: lives(agent, agentStart), keeperLives: lives(keeper, keeperStart) }];
  });
}

/** Sends a signal; true when there was somebody to send it to. */
export function sendSignal(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch (thrown) {
    return errorText(thrown).includes('EPERM');
  }
}

function lives(pid: string, start: string): boolean {
  const facts = /^[1-9]\d{0,9}$/.test(pid) ? factsOf(Number(pid)) : undefined;
  return facts !== undefined && !facts.ended && facts.start === start;
}

function everyProcess(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid);
}

/** Fields 3, 5, 6 and 22 of proc(5); the name in field 2 may hold blanks and parentheses. */
function factsOf(pid: number): ProcessFacts | undefined {
  const text = readOf(pid, 'stat');
  if (text === undefined) return undefined;
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state = '', , group = '', session = ''] = fields;
  return {
    group: Number(group),
    session: Number(session),
    start: fields[19] ?? '',
    ended: state === 'Z' || state === 'X',
  };
}

function markOf(pid: number): string | undefined {
  const start = `${markVariable}=`;
  const variables = readOf(pid, 'environ')?.split('\0') ?? [];
  return variables.find((text) => text.startsWith(start))?.slice(start.length);
}

function hasMark(pid: number, start: string): boolean {
  return markOf(pid)?.startsWith(start) === true;
}

/** Undefined when the process is gone, or somebody else's. */
function readOf(pid: number, file: 'stat' | 'environ'): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return undefined;
  }
}
