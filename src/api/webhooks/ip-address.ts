/**
 * Which addresses are public. The URL parser of the platform has read the address, so that decimal, octal, hexadecimal and
 * shortened forms of IPv4 have become the one with dots, and IPv6 has become its shortest form.
 */

/** IPv4 ranges that are not public (IANA's registry of special-purpose addresses), as first address and prefix length. */
const NOT_PUBLIC_IPV4: readonly (readonly [address: string, bits: number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
];

/** Whether a text is an IPv4 address with dots, as a parsed URL has it. */
export function isIpv4(host: string): boolean {
  return /^\d{1,3}(\.\d{1,3}){3}$/.test(host);
}

/** Whether an IPv4 address with dots is public. */
export function isPublicIpv4(host: string): boolean {
  return isPublicNumber(ipv4Number(host));
}

function isPublicNumber(address: number): boolean {
  return !NOT_PUBLIC_IPV4.some(([first, bits]) => address >>> (32 - bits) === ipv4Number(first) >>> (32 - bits));
}

function ipv4Number(host: string): number {
  return host.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
}

/**
 * Whether an IPv6 address is public: global unicast, and what it carries of IPv4 too.
 *
 * @param host as a parsed URL has it, without brackets
 */
export function isPublicIpv6(host: string): boolean {
  const [a, b, c, d, e, f, g, h] = groupsOf(host);
  // NAT64: the well-known prefix, RFC 6052. The local one, RFC 8215, is not global unicast and not public.
  const isNat64 = a === 0x64 && b === 0xff9b && !c && !d && !e && !f;
  if (isNat64) return isPublicNumber(((g ?? 0) << 16) | (h ?? 0));
  // Global unicast is 2000::/3. It leaves out loopback, unspecified, IPv4-mapped and -compatible, unique local, link local,
  // site local and multicast.
  if (a === undefined || a < 0x2000 || a > 0x3fff) return false;
  // 6to4 carries an IPv4 address: RFC 3056.
  if (a === 0x2002) return isPublicNumber(((b ?? 0) << 16) | (c ?? 0));
  // Protocol assignments with Teredo, ORCHID and benchmarking: 2001::/23. Documentation: 2001:db8::/32, 3fff::/20.
  const isAssigned = a === 0x2001 && (b ?? 0) < 0x200;
  const isDocumentation = (a === 0x2001 && b === 0xdb8) || (a === 0x3fff && (b ?? 0) < 0x1000);
  return !isAssigned && !isDocumentation;
}

/** The eight groups of 16 bits of an address in its shortest form. */
function groupsOf(host: string): number[] {
  const [before = "", after] = host.split("::");
  const parsed = (text: string) => (text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16)));
  const [first, last] = [parsed(before), parsed(after ?? "")];
  return [...first, ...new Array<number>(8 - first.length - last.length).fill(0), ...last];
}
