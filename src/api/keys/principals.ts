/** Finds the principal of a key that was presented. Only hashes are compared, so that neither time nor memory tells a key. */
import { KEY_CHARACTERS_MAX } from "../../contract/limits.ts";
import { ProblemError } from "../check/problem-error.ts";
import { type ConfiguredKey, HASH_PREFIX, type ParsedKeys, parsedKeysOf } from "./authkeys.ts";
import { isFor } from "./authorize.ts";
import { OWNER, type Principal } from "./principal.ts";

/** The variables in which a server's keys are. */
export interface KeyVariables {
  AUTHKEY?: string | null | undefined;
  AUTHKEYS?: string | null | undefined;
}

/**
 * The keys of a server, from its variables. Those of the last variables are kept, because they do not change while a server
 * runs, and a hundred keys take 2 ms to parse.
 */
export class KnownKeys {
  #parsed: { authkeys: string; keys: ParsedKeys } | undefined;
  #hashed: { authkey: string; authkeys: string; keys: Promise<readonly ConfiguredKey[]> } | undefined;

  /** The sentence for the operator that says why `AUTHKEYS` is wrong; undefined if it is right. */
  fault({ AUTHKEYS }: KeyVariables): string | undefined {
    return this.#parse(AUTHKEYS ?? "").fault;
  }

  /** Whether a server has any key. Without one every request is refused. */
  hasKeys({ AUTHKEY, AUTHKEYS }: KeyVariables): boolean {
    return (AUTHKEY ?? "") !== "" || this.#keysIn(AUTHKEYS ?? "").length > 0;
  }

  /**
   * The principal of a key.
   *
   * @param now in milliseconds since 1970
   * @throws {ProblemError} `unauthorized` if the server has no such key, or the key has ended
   */
  async principalOf(variables: KeyVariables, presented: string, now: number): Promise<Principal> {
    const keys = await this.#keysOf(variables);
    const hash = presented.length > KEY_CHARACTERS_MAX ? "" : await hashOf(presented);
    // All of them are compared, so that the time does not depend on which one it is.
    let found: ConfiguredKey | undefined;
    for (const key of keys) if (isSame(key.hash, hash)) found ??= key;
    if (found === undefined)
      throw new ProblemError("unauthorized", "The authkey is wrong; send one of those that the server has.");
    if (hasEnded(found, now)) {
      const endedAt = new Date(found.endsAt ?? 0).toISOString();
      throw new ProblemError("unauthorized", `The key ${found.name} ended at ${endedAt}; use a newer one.`);
    }
    return found;
  }

  /**
   * Finds the principal of a connection that was stored without its queues: undefined if the server does not have its key
   * any more, or it grants something else, or is not for the connection's queue, or it has ended.
   *
   * While the variables are wrong every request is refused, and no connection that a key has opened gets anything either.
   */
  async grants(
    variables: KeyVariables,
    queue: string,
    now: number,
  ): Promise<(principal: Principal) => Principal | undefined> {
    const keys = this.fault(variables) === undefined ? await this.#keysOf(variables) : [];
    return (principal) => {
      // It was not opened with a key of these variables.
      if (principal.hash === undefined) return principal;
      const key = keys.find(({ hash }) => hash === principal.hash);
      const isSameGrant = key?.name === principal.name && String(key.scopes) === String(principal.scopes);
      const isValid = isSameGrant && key.endsAt === principal.endsAt && isFor(key, queue) && !hasEnded(key, now);
      return isValid ? key : undefined;
    };
  }

  /** All keys of a server: `AUTHKEY`, which grants everything, and those in `AUTHKEYS`. */
  #keysOf({ AUTHKEY, AUTHKEYS }: KeyVariables): Promise<readonly ConfiguredKey[]> {
    const [authkey, authkeys] = [AUTHKEY ?? "", AUTHKEYS ?? ""];
    if (this.#hashed?.authkey !== authkey || this.#hashed.authkeys !== authkeys)
      this.#hashed = { authkey, authkeys, keys: this.#load(authkey, authkeys) };
    return this.#hashed.keys;
  }

  async #load(authkey: string, authkeys: string): Promise<readonly ConfiguredKey[]> {
    const keys = this.#keysIn(authkeys);
    return authkey === "" ? keys : [{ ...OWNER, hash: await hashOf(authkey) }, ...keys];
  }

  #keysIn(authkeys: string): readonly ConfiguredKey[] {
    const { keys, fault } = this.#parse(authkeys);
    if (fault !== undefined) throw new Error(fault);
    return keys;
  }

  #parse(authkeys: string): ParsedKeys {
    if (this.#parsed?.authkeys !== authkeys) this.#parsed = { authkeys, keys: parsedKeysOf(authkeys) };
    return this.#parsed.keys;
  }
}

/**
 * Whether its key has ended.
 *
 * @param now in milliseconds since 1970
 */
export function hasEnded({ endsAt }: Pick<Principal, "endsAt">, now: number): boolean {
  return endsAt !== undefined && endsAt <= now;
}

/** The hash of a key, in the form in which `AUTHKEYS` has it. */
export async function hashOf(key: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(key)));
  return HASH_PREFIX + Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Compares two hashes in a time that does not depend on where they differ. */
function isSame(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let index = 0; index < a.length; index += 1) difference |= a.charCodeAt(index) ^ b.charCodeAt(index);
  return difference === 0;
}
