/** New passwords: chosen, or made by the server. */
import { z } from 'zod';
import { DomainError } from '#core/errors.ts';
import type { AccountInfo } from '#directory/accounts.ts';
import { setPassword } from '#directory/credentials.ts';
import { generatePassword, hashPassword, preparePassword } from '#directory/password.ts';
import { makeScramKeys, type StoredScramKeys } from '#directory/scram-keys.ts';
import type { Store } from '#store/store.ts';
import type { OwnAccount } from './caller.ts';
import { given } from './define.ts';

/** A password that the server made is told once, here; a chosen one never. */
export interface WithPassword {
  readonly login: string;
  readonly address: string;
  readonly password?: string | undefined;
}

export const withPassword: z.ZodType<WithPassword> = z.object({ login: z.string(), address: z.string(), password: z.string().optional() });
export interface Credentials {
  readonly passwordHash: string;
  readonly scramKeys: StoredScramKeys | undefined;
  readonly generated: string | undefined;
}

/** SCRAM keys are kept for generated passwords only: ARCHITECTURE "Logins and addresses". */
export async function makeCredentials(chosen: string | undefined): Promise<Credentials> {
  if (chosen === undefined) {
    const generated = generatePassword();
    return { passwordHash: await hashPassword(generated), scramKeys: await makeScramKeys(generated), generated };
  }
  if (preparePassword(chosen) === undefined) throw new DomainError('password-invalid', 'the password is empty, too long, or holds control characters');
  return { passwordHash: await hashPassword(chosen), scramKeys: undefined, generated: undefined };
}

/** Gives an account another password. Throws `password-invalid`, `account-not-found`, and `sign-in-refused` where it has got another one since its owner signed in. */
export async function changePassword(
  store: Store,
  { account, login, primaryAddress, credentialVersion }: AccountInfo & Partial<OwnAccount>,
  chosen: string | undefined,
): Promise<WithPassword> {
  const credentials = await makeCredentials(chosen);
  const { passwordHash, scramKeys } = credentials;
  await store.commit(setPassword, { account, passwordHash, ...given({ scramKeys, credentialVersion }) });
  return { login, address: primaryAddress, ...given({ password: credentials.generated }) };
}
