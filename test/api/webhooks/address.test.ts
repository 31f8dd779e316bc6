import { expect, test } from "vitest";
import { webhookUrlFault } from "../../../src/api/webhooks/address.ts";
import { Random } from "../../support/random.ts";

const PRIVATE =
  "must have a public address, not a private, local or reserved one. The server's operator can allow private addresses: webhooks.allowPrivate of durableQueue(), ALLOW_PRIVATE_WEBHOOKS=true on a local server";

function faultOf(url: string): string | undefined {
  return webhookUrlFault(url, false);
}

test.for([
  "https://example.com/hook",
  "https://example.com:8443/hook?token=x",
  "https://xn--bcher-kva.example/",
  "https://8.8.8.8/",
  "https://172.32.0.1/",
  "https://[2606:4700::1111]/",
  "https://localhost.example.com/",
  "https://internal-api.example.com./",
])("%s may be the URL of a webhook", (url) => {
  expect(faultOf(url)).toBeUndefined();
  expect(webhookUrlFault(url, true)).toBeUndefined();
});

test.for([
  // Loopback, in the forms that the parser of URLs knows.
  ...["https://127.0.0.1/", "https://127.1/", "https://2130706433/", "https://0x7f.0.0.1/", "https://0177.0.0.1/"],
  ...["https://127.0.0.1./", "https://①②⑦.0.0.1/", "https:\\\\127.0.0.1\\", "https://0/", "https://0.0.0.0/"],
  ...["https://[::1]/", "https://[::]/", "https://[::ffff:127.0.0.1]/", "https://[::127.0.0.1]/"],
  // Private networks, link-local, carrier-grade NAT, metadata.
  ...["https://10.1.2.3/", "https://172.16.0.1/", "https://172.31.255.255/", "https://192.168.1.1/"],
  ...["https://169.254.169.254/latest/meta-data/", "https://[::ffff:a9fe:a9fe]/", "https://100.64.0.1/"],
  ...["https://100.127.255.255/", "https://[fe80::1]/", "https://[fec0::1]/", "https://[fd00:ec2::254]/"],
  // NAT64, 6to4 and Teredo, which carry an IPv4 address.
  ...["https://[64:ff9b::7f00:1]/", "https://[64:ff9b:1::a00:1]/", "https://[2002:a00:1::]/", "https://[2001::1]/"],
  // Multicast, broadcast, reserved, documentation.
  ...["https://224.0.0.1/", "https://255.255.255.255/", "https://[ff02::1]/", "https://192.0.2.1/"],
  ...["https://198.18.0.1/", "https://[2001:db8::1]/", "https://[100::1]/"],
  // Names.
  ...[
    "https://localhost/",
    "https://LOCALHOST./",
    "https://%6cocalhost/",
    "https://a.localhost/",
    "https://printer.local/",
  ],
  ...[
    "https://metadata.google.internal/",
    "https://db/",
    "https://db./",
    "https://router.home.arpa/",
    "https://a.b.internal../",
  ],
])("%s is private", (url) => {
  expect(faultOf(url)).toBe(PRIVATE);
  expect(webhookUrlFault(url, true)).toBeUndefined();
});

test.for([
  ["", "must be a URL that begins with https://"],
  ["example.com/hook", "must be a URL that begins with https://"],
  ["ftp://example.com/", "must be a URL that begins with https://"],
  ["file:///etc/passwd", "must be a URL that begins with https://"],
  ["https://256.1.1.1/", "must be a URL that begins with https://"],
  ["https://[fe80::1%25eth0]/", "must be a URL that begins with https://"],
  ["https://user@example.com/", "must not have a user name or password: requests are signed"],
  ["https://:pass@example.com/", "must not have a user name or password: requests are signed"],
  ["https://example.com@127.0.0.1/", "must not have a user name or password: requests are signed"],
  ["https://example.com/#part", "must not have a fragment: it is not sent"],
  ["https://example.com:0/", "must not have the port 0"],
  [`https://example.com/${"a".repeat(2_029)}`, "must have at most 2048 characters"],
] as const)("%s is refused also where private addresses are allowed", ([url, fault]) => {
  expect(faultOf(url)).toBe(fault);
  expect(webhookUrlFault(url, true)).toBe(fault);
});

test("plain HTTP is refused unless private addresses are allowed", () => {
  expect(faultOf("http://example.com/")).toMatch(
    /^must begin with https:\/\/, so that messages are not read on the way\./,
  );
  expect(webhookUrlFault("http://example.com/", true)).toBeUndefined();
});

/** Writes an IPv4 address in one of the forms that browsers and inet_aton read. */
function written(address: number, chance: Random): string {
  const parts = 1 + chance.integer(4);
  const number = (value: number) => chance.pick([String(value), `0x${value.toString(16)}`, `0${value.toString(8)}`]);
  const bytes = [24, 16, 8, 0].map((shift) => (address >>> shift) & 255);
  const last = bytes.slice(parts - 1).reduce((sum, byte) => sum * 256 + byte, 0);
  return [...bytes.slice(0, parts - 1), last].map(number).join(".");
}

test("no form of a private IPv4 address passes, alone or inside of an IPv6 address", () => {
  const chance = new Random(20_261_127);
  const ranges = [
    [0x0a000000, 24],
    [0x7f000000, 24],
    [0xac100000, 20],
    [0xc0a80000, 16],
    [0xa9fe0000, 16],
    [0x64400000, 22],
  ] as const;
  for (let round = 0; round < 5_000; round += 1) {
    const [first, bits] = chance.pick(ranges);
    const address = (first | chance.integer(2 ** bits)) >>> 0;
    const dotted = [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join(".");
    const [high, low] = [(address >>> 16).toString(16), (address & 0xffff).toString(16)];
    const hosts = [
      ...[written(address, chance), `${written(address, chance)}.`],
      ...[
        `[::ffff:${dotted}]`,
        `[::${dotted}]`,
        `[64:ff9b::${dotted}]`,
        `[2002:${high}:${low}::1]`,
        `[::ffff:0:${dotted}]`,
      ],
    ];
    for (const host of hosts) expect(faultOf(`https://${host}/`), host).toBe(PRIVATE);
  }
});
