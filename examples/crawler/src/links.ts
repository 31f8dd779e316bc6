import { type DefaultTreeAdapterTypes, parse } from "parse5";

/** What is taken from a page. */
export interface PageContent {
  title: string;
  /** Absolute, each once, in the order of the page. */
  links: string[];
}

/** The title of a page, and where its links lead: HTTP addresses without fragments, and none with `rel="nofollow"`. */
export function contentOf(html: string, pageUrl: string): PageContent {
  const links = new Set<string>();
  let title = "";
  let base = pageUrl;
  const waiting: DefaultTreeAdapterTypes.Node[] = [parse(html)];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    // The stack is taken from its end: the first child comes first.
    if ("childNodes" in node) waiting.push(...node.childNodes.toReversed());
    if (!("attrs" in node)) continue;
    const attribute = (name: string) => node.attrs.find((each) => each.name === name)?.value;
    const href = attribute("href");
    if (node.tagName === "title") title ||= textOf(node);
    if (node.tagName === "base" && href !== undefined) base = addressOf(href, pageUrl) ?? base;
    if (node.tagName !== "a" || href === undefined || /\bnofollow\b/i.test(attribute("rel") ?? "")) continue;
    const address = addressOf(href, base);
    if (address !== undefined) links.add(address);
  }
  return { title, links: [...links] };
}

/** One form of an address for all links to a page; undefined if it is none of HTTP. */
export function addressOf(href: string, base: string): string | undefined {
  const url = URL.parse(href, base);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) return undefined;
  url.hash = "";
  url.username = "";
  url.password = "";
  return url.href;
}

function textOf(node: DefaultTreeAdapterTypes.Element): string {
  return node.childNodes
    .map((child) => ("value" in child ? child.value : ""))
    .join("")
    .trim();
}
