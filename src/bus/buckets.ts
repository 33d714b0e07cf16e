import * as keptOfPeople from './account-kept.js';
import * as accounts from './account-messages.js';
import * as messages from './messages.js';
import * as runs from './run-messages.js';
import type { StoreDeclaration } from './subject-declaration.js';

/** Every key-value bucket of Postern. */
export const stores = {
  nodes: {
    bucket: 'postern_nodes',
    summary: 'One entry per node name: its keys, its instances and when it was last seen.',
    users: ['hub'],
    value: messages.nodeEntry,
    maxBytes: 256 << 20,
  } satisfies StoreDeclaration<messages.NodeEntry>,
  tokens: {
    bucket: 'postern_tokens',
    summary: 'One entry per token that was made, without its secret.',
    users: ['hub'],
    value: messages.tokenEntry,
    maxBytes: 64 << 20,
  } satisfies StoreDeclaration<messages.TokenEntry>,
  runs: {
    bucket: 'postern_runs',
    summary: 'One entry per run: which controller has it, and what has happened to it.',
    users: ['controller'],
    value: runs.runEntry,
    maxBytes: 64 << 20,
  } satisfies StoreDeclaration<runs.RunEntry>,
  runParts: {
    bucket: 'postern_run_parts',
    summary: 'The scenario of each run, its nodes, its groups and what became of its faults.',
    users: ['controller'],
    value: runs.runPart,
    maxBytes: 256 << 20,
  } satisfies StoreDeclaration<runs.RunPart>,
  accountUsers: {
    bucket: 'postern_account_users',
    summary: 'One entry per account, by a hash of its address.',
    users: ['accounts'],
    value: accounts.accountEntry,
    maxBytes: 256 << 20,
  } satisfies StoreDeclaration<accounts.AccountEntry>,
  accountProofs: {
    bucket: 'postern_account_proofs',
    summary:
      'One entry per address that somebody wants to prove, with a hash of the code, and per source of such wishes.',
    users: ['accounts'],
    value: accounts.proofEntry,
    maxBytes: 64 << 20,
  } satisfies StoreDeclaration<accounts.ProofEntry>,
  accountSessions: {
    bucket: 'postern_account_sessions',
    summary: 'One entry per session of an account, without its tokens.',
    users: ['accounts'],
    value: accounts.sessionEntry,
    maxBytes: 256 << 20,
  } satisfies StoreDeclaration<accounts.SessionEntry>,
  accountEnds: {
    bucket: 'postern_account_ends',
    summary:
      'Which sessions of accounts are over, by hashes, for as long as tokens of them may be good: hubs refuse those.',
    users: ['accounts'],
    readers: ['hub'],
    value: accounts.endEntry,
    maxBytes: 32 << 20,
    maxAgeMs: accounts.endsKeptMs,
  } satisfies StoreDeclaration<accounts.EndEntry>,
  accountProfiles: {
    bucket: 'postern_account_profiles',
    summary: 'What people have said of themselves, by a hash of their address.',
    users: ['accounts'],
    value: keptOfPeople.profileEntry,
    maxBytes: 1 << 30,
  } satisfies StoreDeclaration<keptOfPeople.ProfileEntry>,
  accountRooms: {
    bucket: 'postern_account_rooms',
    summary: 'One entry per room, with who made it.',
    users: ['accounts'],
    value: keptOfPeople.roomEntry,
    maxBytes: 16 << 20,
  } satisfies StoreDeclaration<keptOfPeople.RoomEntry>,
  accountErasures: {
    bucket: 'postern_account_erasures',
    summary: 'One entry per account that is being removed, until that is done.',
    users: ['accounts'],
    value: keptOfPeople.erasureEntry,
    maxBytes: 16 << 20,
  } satisfies StoreDeclaration<keptOfPeople.ErasureEntry>,
} as const;
