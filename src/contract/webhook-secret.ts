/**
 * Secrets and signatures of Standard Webhooks 1.0.0, "Signature scheme"
 * (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md).
 */
import { base64BytesOf, isBase64 } from "./base64.ts";

const PREFIX = "whsec_";

/** The bytes of a secret: the specification says 192 to 512 bits. */
const SECRET_BYTES_MIN = 24;
const SECRET_BYTES_MAX = 64;

/** A key of Web Crypto. Neither platform's types are those of the other. */
export type WebhookKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

/** The most signatures of one header that are looked at. */
const SIGNATURES_MAX = 8;

/** The bytes of a secret that the server makes. */
const SECRET_BYTES = 32;

/** The rule that a secret breaks, as the end of a sentence that never shows it; undefined if it breaks none. */
export function webhookSecretFault(secret: string): string | undefined {
  const base64 = secret.slice(PREFIX.length);
  const isRight = secret.startsWith(PREFIX) && isBase64(base64) && isLong(base64BytesOf(base64));
  return isRight
    ? undefined
    : `must be ${PREFIX} and the base64 of ${SECRET_BYTES_MIN} to ${SECRET_BYTES_MAX} bytes, as Standard Webhooks have it`;
}

function isLong(bytes: number): boolean {
  return bytes >= SECRET_BYTES_MIN && bytes <= SECRET_BYTES_MAX;
}

/** A new random secret. */
export function newWebhookSecret(): string {
  return PREFIX + base64Of(crypto.getRandomValues(new Uint8Array(SECRET_BYTES)));
}

/**
 * The key of a secret, for `sign` and `verify`.
 *
 * @param secret as `webhookSecretFault` accepts it
 */
export function webhookKey(secret: string): Promise<WebhookKey> {
  const bytes = bytesOf(secret.slice(PREFIX.length)) as Uint8Array<ArrayBuffer>;
  return crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign", "verify"]);
}

/** What is signed of a request: its id, its time in seconds since 1970, and its body to the byte. */
export function signedContent(id: string, timestamp: string, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const head = new TextEncoder().encode(`${id}.${timestamp}.`);
  const content = new Uint8Array(head.length + body.length);
  content.set(head);
  content.set(body, head.length);
  return content;
}

/** One signature of the content, as it stands in the header: `v1,` and base64. */
export async function webhookSignature(key: WebhookKey, content: Uint8Array<ArrayBuffer>): Promise<string> {
  return `v1,${base64Of(new Uint8Array(await crypto.subtle.sign("HMAC", key, content)))}`;
}

/** The base64 text of bytes. */
function base64Of(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

/** The bytes of a base64 text, which `isBase64` accepts. */
function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/**
 * Whether one of the signatures of a header is that of the content. They are compared in constant time.
 *
 * @param header signatures with spaces between; those of other versions than `v1` are passed over
 */
export async function isSignedBy(key: WebhookKey, content: Uint8Array<ArrayBuffer>, header: string): Promise<boolean> {
  for (const text of header.split(" ").slice(0, SIGNATURES_MAX)) {
    const signature = text.startsWith("v1,") ? text.slice(3) : "";
    if (signature === "" || !isBase64(signature)) continue;
    const bytes = bytesOf(signature) as Uint8Array<ArrayBuffer>;
    if (await crypto.subtle.verify("HMAC", key, bytes, content)) return true;
  }
  return false;
}
