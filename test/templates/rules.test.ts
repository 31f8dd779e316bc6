/** What every template obeys, so that it works where it is copied, bundled and deployed by others. */
import { globSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { folderOf, type Manifest, manifestOf } from "./template-project.ts";

const ROOT = join(import.meta.dirname, "../..");
const OWN = manifestOf(ROOT) as Manifest & { version: string };
const TEMPLATES = readdirSync(join(ROOT, "templates"));

/** The newest compatibility date that the runtime of this repository knows. */
const COMPATIBILITY_DATE = /compatibilityDate = "(\S+)"/.exec(textOf(ROOT, "src/local/workerd.capnp"))?.[1] as string;

function textOf(folder: string, file: string): string {
  return readFileSync(join(folder, file), "utf8");
}

/** The files of a template, as they are in a clone. */
function filesOf(template: string): string[] {
  return globSync("**/*", { cwd: folderOf(template), exclude: ["**/node_modules"] })
    .concat(globSync("**/.*", { cwd: folderOf(template), exclude: ["**/node_modules", "**/.wrangler", "**/.data"] }))
    .filter((file) => statSync(join(folderOf(template), file)).isFile());
}

/** The versions that this repository has, of itself too. */
const VERSIONS: Record<string, unknown> = { ...OWN.overrides, ...OWN.devDependencies, [OWN.name]: OWN.version };

describe.each(TEMPLATES)("templates/%s", (template) => {
  const folder = folderOf(template);
  const manifest = manifestOf(folder);
  const readme = textOf(folder, "README.md");

  test("has the versions that this repository has", () => {
    const replaced = Object.values(manifest.overrides ?? {}).flatMap((each) => Object.entries(each));
    const chosen = Object.fromEntries(replaced.filter(([, version]) => !version.startsWith("$")));
    const all = { ...manifest.dependencies, ...manifest.devDependencies, ...chosen };

    expect(all).toEqual(Object.fromEntries(Object.keys(all).map((name) => [name, VERSIONS[name]])));
    expect(all).toHaveProperty(OWN.name);
  });

  test("is by itself: it names no workspace and no path out of its folder", () => {
    const outside = filesOf(template).filter((file) =>
      /workspace:|"(file|link|portal):|\.\.\/\.\.|"\.\.\/(?!src\/)|]\(\.\.\//.test(textOf(folder, file)),
    );

    expect(manifest).not.toHaveProperty("workspaces");
    expect(outside).toEqual([]);
  });

  test("has a name, a description and files as the gallery of templates wants them", () => {
    expect(manifest.name).toMatch(/^[a-z-]+-template$/);
    expect(manifest.private).toBe(true);
    expect(manifest.description).toMatch(/\.$/);
    expect(filesOf(template)).toEqual(expect.arrayContaining([".gitignore", "README.md", "tsconfig.json"]));
  });

  test("ignores what is made in it, secrets above all", () => {
    const ignored = textOf(folder, ".gitignore").split("\n");

    expect(ignored).toEqual(expect.arrayContaining(["node_modules/", ".env*"]));
    expect(filesOf(template).filter((file) => /^(\.dev\.vars|\.env(\..*)?)$/.test(file))).toEqual([]);
  });

  test("has scripts that run in every shell, Windows' included", () => {
    for (const command of Object.values(manifest.scripts)) expect(command).not.toMatch(/['$`;|]|\bcp\b|\brm\b|^\w+=/);
  });

  test("says in its README which Node it needs", () => {
    expect(manifest.engines.node).toMatch(/^>=22\.\d+$/);
    expect(readme).toContain(`Node ${manifest.engines.node.slice(2)} or newer`);
  });

  test("names in the table of its README files that it has", () => {
    const named = [...readme.matchAll(/^\| `([\w./-]+\.[\w-]+)` \|/gm)].map(([, file]) => file as string);

    expect(named.length).toBeGreaterThan(3);
    expect(filesOf(template)).toEqual(expect.arrayContaining(named));
  });

  test("has a lock file only of packages that are published", () => {
    const locks = filesOf(template).filter((file) => /^(package-lock\.json|pnpm-lock\.yaml|yarn\.lock)$/.test(file));

    expect(locks.every((lock) => lock === "package-lock.json")).toBe(true);
    for (const lock of locks) {
      const { packages } = JSON.parse(textOf(folder, lock)) as { packages: Record<string, Record<string, string>> };
      const own = packages[`node_modules/${OWN.name}`];
      expect(packages[""]?.dependencies).toEqual(manifest.dependencies);
      expect(own).toMatchObject({ version: OWN.version, integrity: expect.stringMatching(/^sha512-/) });
      expect(own?.resolved).toMatch(/^https:\/\/registry\.npmjs\.org\//);
    }
  });
});

describe("templates/worker", () => {
  const folder = folderOf("worker");
  const { cloudflare } = manifestOf(folder);
  const readme = textOf(folder, "README.md");
  const configuration = JSON.parse(textOf(folder, "wrangler.jsonc").replaceAll(/^\s*\/\/.*$/gm, "")) as Record<
    string,
    unknown
  > & { name: string; exports: Record<string, object>; compatibility_date: string };

  test("is described for the dashboard, with a text for each secret that is asked for", () => {
    const secrets = [...textOf(folder, ".dev.vars.example").matchAll(/^(\w+)=/gm)].map(([, name]) => name);

    expect(cloudflare?.label).toMatch(/^[A-Z]/);
    expect(cloudflare?.products.length).toBeLessThanOrEqual(3);
    expect(["starter", "storage", "ai"]).toEqual(expect.arrayContaining(cloudflare?.categories as string[]));
    expect(Object.keys(cloudflare?.bindings as object)).toEqual(secrets);
    expect(readme.match(/<!-- dash-content-start -->\n\n[\s\S]+\n\n<!-- dash-content-end -->\n/g)).toHaveLength(1);
    expect(/dash-content-start -->([\s\S]*)<!-- dash-content-end/.exec(readme)?.[1]).not.toContain("```");
  });

  test("has no secret that a deployment would take over", () => {
    expect(textOf(folder, ".dev.vars.example")).toMatch(/^AUTHKEY=$/m);
    // A deployment fails for a required secret that a new Worker cannot have yet.
    expect(configuration).not.toHaveProperty("secrets");
    expect(configuration).not.toHaveProperty("vars");
  });

  test("stores the classes that its module exports, and no others", () => {
    const classes = [...textOf(folder, "src/index.ts").matchAll(/^export class (\w+Object) /gm)].map(
      ([, name]) => name,
    );

    expect(Object.keys(configuration.exports).sort()).toEqual([...classes].sort());
    expect(configuration).not.toHaveProperty("migrations");
  });

  test("has its name in one place, so that a deployment may give it another", () => {
    expect(configuration.name).toBe(manifestOf(folder).name);
    expect(configuration).not.toHaveProperty("services");
    expect(textOf(folder, "src/index.ts")).not.toContain(configuration.name);
  });

  test("has the compatibility date of this repository, which its runtime knows", () => {
    expect(configuration.compatibility_date).toBe(COMPATIBILITY_DATE);
  });

  test("is a project for npm create cloudflare, which adds nothing to it", () => {
    const ignored = textOf(folder, ".gitignore").split("\n");

    expect(ignored).toEqual(
      expect.arrayContaining([".wrangler/", ".dev.vars*", "!.dev.vars.example", "!.env.example"]),
    );
    // A folder of such a name would be taken for the whole project.
    expect(filesOf("worker").filter((file) => /^(js|ts)\//.test(file))).toEqual([]);
  });

  test("is configured as Cloudflare's templates are", () => {
    expect(configuration).toMatchObject({
      $schema: "node_modules/wrangler/config-schema.json",
      observability: { enabled: true },
      upload_source_maps: true,
    });
  });

  test("needs no build before it is deployed", () => {
    expect(manifestOf(folder).scripts).toMatchObject({ dev: "wrangler dev", deploy: "wrangler deploy" });
    expect(manifestOf(folder).scripts).not.toHaveProperty("build");
  });

  test("has the button at the top of its README once the repository has an address, and none before", () => {
    const buttons = readme.match(/^.*deploy\.workers\.cloudflare\.com.*$/gm) ?? [];

    expect(buttons).toEqual(OWN.repository === undefined ? [] : [buttonTo(OWN.repository)]);
    if (buttons.length > 0) expect(readme.split("\n")[2]).toBe(buttons[0]);
  });
});

/** The button that deploys the template of a public repository. */
function buttonTo(repository: string | { url: string }): string {
  const url = typeof repository === "string" ? repository : repository.url;
  const page = url.replace(/^git\+/, "").replace(/\.git$/, "");
  const service = "https://deploy.workers.cloudflare.com";
  return `[![Deploy to Cloudflare](${service}/button)](${service}/?url=${page}/tree/main/templates/worker)`;
}
