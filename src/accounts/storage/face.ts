import { AccountStorageServiceService } from '../../gen/account_storage_service/account_storage_service.js';
import {
  AccountStorageService,
  type Profile as ProfileMessage,
} from '../../gen/postern/v1/account_storage.js';
import type { OwnService } from '../../own-service.js';
import type { Translate } from '../face/face-method.js';
import { storageMethods } from './methods.js';
import type { Profile } from './profile.js';

/** The services of the storage's listener: under the names that programs of before know, and what those have no names for. */
export function storageFace(translate: Translate): OwnService[] {
  const { create, get, update, delete: remove } = storageMethods;
  const refused = (error: string) => ({ result: '', error });
  return [
    {
      name: 'account_storage_service.AccountStorageService',
      definition: AccountStorageServiceService,
      implementation: {
        createUser: translate({
          method: create,
          args: ({ email }: { email: string }) => ({ email }),
          reply: ({ email }) => ({ result: `the profile of ${email} was made` }),
          refused,
        }),
        deleteUser: translate({
          method: remove,
          args: ({ email }: { email: string }) => ({ email }),
          reply: ({ email }) => ({ result: `there is no profile of ${email} any more` }),
          refused,
        }),
        getUser: translate({
          method: get,
          args: ({ email }: { email: string }) => ({ email }),
          reply: ({ email, found }) => ({ userExists: found !== undefined, email, ...found?.profile }),
          refused: (error) => ({ error, userExists: false, email: '' }),
        }),
        updateUser: translate({
          method: update,
          args: ({ email, ...change }: { email: string } & Profile) => ({ email, change }),
          reply: ({ email }) => ({ result: `the profile of ${email} was changed` }),
          refused,
        }),
      },
    },
    ownFace(translate),
  ];
}

function ownFace(translate: Translate): OwnService {
  const person = ({ email }: { email: string }) => ({ email });
  return {
    name: 'postern.v1.AccountStorage',
    definition: AccountStorageService,
    implementation: {
      getProfile: translate({
        method: storageMethods.get,
        args: person,
        reply: ({ email, found }) => ({
          profile: found && { email, ...found.profile },
          revision: found?.revision ?? '',
        }),
      }),
      updateProfile: translate({
        method: storageMethods.update,
        args: ({
          profile,
          expectedRevision,
        }: {
          profile?: ProfileMessage | undefined;
          expectedRevision: string;
        }) => {
          const { email = '', ...change } = profile ?? {};
          return { email, change, ...(expectedRevision === '' ? {} : { expected: expectedRevision }) };
        },
        reply: ({ email, profile, revision }) => ({ profile: { email, ...profile }, revision }),
      }),
      export: translate({ method: storageMethods.export, args: person, reply: ({ json }) => ({ json }) }),
      erase: translate({ method: storageMethods.erase, args: person, reply: () => ({}) }),
    },
  };
}
