import { expect, test } from "vitest";
import { contentOf } from "../src/links.ts";
import { parseRobots } from "../src/robots.ts";

const ROBOTS = `
# all crawlers
User-agent: *
Disallow: /private/   # not for crawlers
Allow: /private/open
Disallow: /*.zip$
Crawl-delay: 2

User-agent: other-bot
User-agent: third-bot
Disallow: /
`;

test("of the rules that fit a path the longest counts", () => {
  const rules = parseRobots(ROBOTS, "durable-queue-example");

  const paths = ["/", "/private/a", "/private/open/b", "/files/a.zip", "/files/a.zip?b"];
  expect(paths.map((path) => rules.allows(path))).toEqual([true, false, true, false, true]);
  expect(rules.delaySeconds).toBe(2);
});

test("a crawler with a group of its own follows that alone", () => {
  const rules = parseRobots(ROBOTS, "Third-Bot");

  expect(rules.allows("/")).toBe(false);
  expect(rules.delaySeconds).toBe(0);
});

test("links are absolute, without fragments, and each is there once", () => {
  const html = `<title> Hats </title><base href="/shop/"><a href="a">1</a><A HREF='a#b'>2</A><a href="//other.example/c">3</a>
    <a href="mailto:ada@example.com">4</a><a href="/d" rel="ugc nofollow">5</a><a>6</a><!-- <a href="/e">7</a> -->`;

  expect(contentOf(html, "https://example.com/")).toEqual({
    title: "Hats",
    links: ["https://example.com/shop/a", "https://other.example/c"],
  });
});
