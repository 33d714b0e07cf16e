import { status } from '@grpc/grpc-js';
import {
  type AccountAuthenticationServiceServer,
  AccountAuthenticationServiceService,
  type HelloReply,
  type HelloRequest,
} from '../../gen/account_auth_service/account_auth_service.js';
import { type AccountsServer, AccountsService, type Session } from '../../gen/postern/v1/accounts.js';
import type { OwnService } from '../../own-service.js';
import type { Translate } from '../face/face-method.js';
import {
  beginMethod,
  checkMethod,
  confirmMethod,
  listMethod,
  logOutMethod,
  onlineMethod,
  promoteMethod,
  refreshMethod,
  type SessionTokens,
  whoAmIMethod,
} from './methods.js';

/** Longest name that is greeted, characters. */
const longestName = 256;
const accountsAtOnce = 100;

/** The gRPC services of authentication, as calls that are translated. */
export function authServices(translate: Translate): readonly OwnService[] {
  return [
    {
      name: 'account_auth_service.AccountAuthenticationService',
      definition: AccountAuthenticationServiceService,
      implementation: { ...contract(translate) },
    },
    { name: 'postern.v1.Accounts', definition: AccountsService, implementation: { ...own(translate) } },
  ];
}

/** The methods that programs of before know. */
function contract(translate: Translate): AccountAuthenticationServiceServer {
  return {
    sayHello(call: { request: HelloRequest }, callback: (error: object | null, reply?: HelloReply) => void) {
      const { name } = call.request;
      if (name.length > longestName) {
        callback({ code: status.INVALID_ARGUMENT, details: `a name has at most ${longestName} characters` });
      } else callback(null, { message: `Hello ${name}` });
    },
    userRegisterRequest: translate({
      method: beginMethod,
      args: ({ email }) => ({ email }),
      reply: ({ mailTo, code }) => ({
        theEmailTheUserNeedToSendVerifyCodeTo: mailTo,
        theVerifyCodeTheUserNeedToSendBack: code,
      }),
      refused: (error) => ({
        theEmailTheUserNeedToSendVerifyCodeTo: '',
        theVerifyCodeTheUserNeedToSendBack: '',
        error,
      }),
    }),
    userRegisterConfirm: translate({
      method: confirmMethod,
      args: ({ email, theVerifyCodeTheUserNeedToSendBack: code }) => ({ email, code }),
      reply: ({ jwt }) => ({ jwt }),
      refused: (error) => ({ jwt: '', error }),
    }),
    isJwtOk: translate({
      method: checkMethod,
      args: ({ jwt }) => ({ jwt }),
      reply: (found) => ('why' in found ? { email: '', error: found.why } : { email: found.email }),
      refused: (error) => ({ email: '', error }),
    }),
    isAdmin: translate({
      method: checkMethod,
      args: ({ jwt }) => ({ jwt }),
      reply: (found) => ('why' in found ? { yes: false, error: found.why } : { yes: found.admin }),
      refused: (error) => ({ yes: false, error }),
    }),
    isOnline: translate({
      method: onlineMethod,
      args: ({ email }) => (email === undefined ? {} : { email }),
      reply: ({ online }) => ({ online }),
      refused: (error) => ({ online: false, error }),
    }),
  };
}

/** The methods that go beyond. */
function own(translate: Translate): AccountsServer {
  return {
    confirm: translate({
      method: confirmMethod,
      args: ({ email, code }) => ({ email, code }),
      reply: (tokens) => ({ session: sessionOf(tokens) }),
    }),
    refresh: translate({
      method: refreshMethod,
      args: ({ refreshToken }) => ({ refreshToken }),
      reply: (tokens) => ({ session: sessionOf(tokens) }),
    }),
    logOut: translate({
      method: logOutMethod,
      args: ({ everywhere, refreshToken }) => ({ everywhere, refreshToken }),
      reply: () => ({}),
    }),
    whoAmI: translate({ method: whoAmIMethod, args: () => ({}), reply: (found) => found }),
    list: translate({
      method: listMethod,
      args: ({ after, limit }) => ({ after, limit: limit === 0 ? accountsAtOnce : limit }),
      reply: (found) => found,
    }),
    promote: translate({
      method: promoteMethod,
      args: ({ email, demote }) => ({ email, demote }),
      reply: (account) => ({ account }),
    }),
  };
}

function sessionOf({ jwt, refreshToken, expiresAtMs, refreshExpiresAtMs }: SessionTokens): Session {
  return { jwt, refreshToken, expiresAtMs, refreshExpiresAtMs };
}
