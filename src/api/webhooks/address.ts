import { WEBHOOK_URL_CHARACTERS_MAX } from "../../contract/webhook-settings.ts";
import { isIpv4, isPublicIpv4, isPublicIpv6 } from "./ip-address.ts";

/** Names that networks use for themselves, with everything below them: RFC 6761, RFC 6762, RFC 8375, ICANN's `internal`. */
const PRIVATE_NAMES = ["localhost", "local", "internal", "home.arpa", "lan", "intranet", "corp", "home", "private"];

const HOW_TO_ALLOW =
  "The server's operator can allow private addresses: webhooks.allowPrivate of durableQueue(), ALLOW_PRIVATE_WEBHOOKS=true on a local server";

/**
 * The rule that the URL of a webhook breaks, as the end of a sentence without a full stop; undefined if it breaks none.
 *
 * It judges the address as it is written. To which address a name resolves, only the network of the platform knows.
 *
 * @param allowsPrivate whether private addresses and plain HTTP are allowed
 */
export function webhookUrlFault(text: string, allowsPrivate: boolean): string | undefined {
  if (text.length > WEBHOOK_URL_CHARACTERS_MAX) return `must have at most ${WEBHOOK_URL_CHARACTERS_MAX} characters`;
  const url = URL.parse(text);
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:")) {
    return "must be a URL that begins with https://";
  }
  if (url.username !== "" || url.password !== "") return "must not have a user name or password: requests are signed";
  if (text.includes("#")) return "must not have a fragment: it is not sent";
  if (url.port === "0") return "must not have the port 0";
  if (allowsPrivate) return undefined;
  if (url.protocol === "http:")
    return `must begin with https://, so that messages are not read on the way. ${HOW_TO_ALLOW}`;
  return isPublicHost(url.hostname)
    ? undefined
    : `must have a public address, not a private, local or reserved one. ${HOW_TO_ALLOW}`;
}

/** @param hostname as a parsed URL has it: in lower case, IPv6 in brackets */
function isPublicHost(hostname: string): boolean {
  if (hostname.startsWith("[")) return isPublicIpv6(hostname.slice(1, -1));
  const name = hostname.replace(/\.+$/, "");
  if (isIpv4(name)) return isPublicIpv4(name);
  const isPrivate = PRIVATE_NAMES.some((suffix) => name === suffix || name.endsWith(`.${suffix}`));
  // A name of one label is found in the network of the server, if it is found at all.
  return name.includes(".") && !isPrivate;
}

/** A webhook's URL as descriptions show it: a query may have a secret in it. */
export function shownWebhookUrl(text: string): string {
  const url = new URL(text);
  return url.search === "" ? text : `${url.origin}${url.pathname}?…`;
}
