import type { ArgumentSpec, CommandSpec } from '../command-spec.js';
import { hostOption, hubOptions, listOutputOption } from '../common-options.js';

const roomArgument: ArgumentSpec = { name: 'ROOM', summary: 'name of the room' };

const through = 'Through a hub whose routes lead to room control: see docs/rooms.md.';

/** Rooms to meet in. */
export const roomCommands: readonly CommandSpec[] = [
  {
    path: ['rooms', 'ls'],
    summary: 'list the rooms, and who is how many in them',
    description: `Says where the numbers are from: LiveKit's API where one is configured, else nobody knows who is in a room. ${through}`,
    options: [listOutputOption, hostOption, ...hubOptions],
    examples: [
      { line: 'postern rooms ls --hub https://example.com --host rooms.example.com', does: 'a table' },
      { line: 'postern rooms ls -o json', does: 'for programs' },
    ],
    load: () => import('../commands/rooms/ls.js'),
  },
  {
    path: ['rooms', 'create'],
    summary: 'make a room',
    description: `Of the same maker, once more it does nothing. ${through}`,
    arguments: [roomArgument],
    options: [hostOption, ...hubOptions],
    examples: [{ line: 'postern rooms create standup --host rooms.example.com', does: 'a room of your own' }],
    load: () => import('../commands/rooms/create.js'),
  },
  {
    path: ['rooms', 'join'],
    summary: 'print a token to join a room with',
    description: `A join token of LiveKit, good for five minutes: whoever has it joins as you. ${through}`,
    arguments: [roomArgument],
    options: [
      {
        name: 'identity',
        kind: 'text',
        value: 'NAME',
        summary: 'who joins, for administrators (default: your address)',
      },
      {
        name: 'output',
        short: 'o',
        kind: 'choice',
        choices: ['text', 'json'],
        default: 'text',
        summary: 'the token alone, or with what it says',
      },
      hostOption,
      ...hubOptions,
    ],
    examples: [
      {
        line: 'postern rooms join standup --host rooms.example.com',
        does: 'the token, for a client of LiveKit',
      },
      { line: 'postern rooms join standup --identity robot-7', does: 'lets somebody else in' },
    ],
    load: () => import('../commands/rooms/join.js'),
  },
  {
    path: ['rooms', 'rm'],
    summary: 'end a room, and put out who is in it',
    description: `For who made it, and for administrators. One that is not there is no error. ${through}`,
    arguments: [{ ...roomArgument, several: true }],
    options: [hostOption, ...hubOptions],
    examples: [
      { line: 'postern rooms rm standup --host rooms.example.com', does: 'nobody can join it any more' },
    ],
    load: () => import('../commands/rooms/rm.js'),
  },
];
