import type { Judgement, Trouble, TroubledMessage } from '../judging/judgement.js';
import { many } from './amounts.js';
import { layerTitle } from './layers.js';
import { type Paint, printable, wrap } from './terminal-text.js';

/** So many messages are named; the page and the JSON have all. */
const mostNamed = 20;

/** The messages that something is wrong with, one by one, the worst first. */
export function messageLines({ messages, troubled }: Judgement, width: number, paint: Paint): string[] {
  if (messages.length === 0) return [];
  const named = messages.slice(0, mostNamed);
  const all = Object.values(troubled).reduce((sum, count) => sum + count, 0);
  const told = named.reduce((sum, { troubles }) => sum + troubles.length, 0);
  const more = all - told;
  return [
    paint.bold('Messages'),
    ...named.flatMap((message) => wrap(printable(textOf(message)), width - 2, 2).map((line) => `  ${line}`)),
    ...(more > 0
      ? wrap(`and ${many(more, 'more trouble')}: the page and the JSON have them`, width - 2).map((line) =>
          paint.dim(`  ${line}`),
        )
      : []),
  ];
}

/** `chat_ping: message 7 of north: lost at south (undelivered), east (unsent at the end); late at west`. */
function textOf({ test, sender, seq, troubles }: TroubledMessage): string {
  const receivers = new Map<Trouble, string[]>();
  for (const { trouble, receiver, layer } of troubles) {
    const stayed = layer === undefined ? '' : ` (${layerTitle(layer)})`;
    receivers.set(trouble, [
      ...(receivers.get(trouble) ?? []),
      ...(receiver === undefined ? [] : [`${receiver}${stayed}`]),
    ]);
  }
  const parts = [...receivers].map(([trouble, at]) =>
    at.length === 0 ? trouble : `${trouble} at ${at.join(', ')}`,
  );
  return `${test}: message ${seq} of ${sender}: ${parts.join('; ')}`;
}
