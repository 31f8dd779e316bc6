import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../..");

/** What a document shows between two lines of three backticks. */
export interface CodeBlock {
  file: string;
  language: string;
  code: string;
}

/** The paths of all documents, in this repository. */
export const documents = ["README.md", "ARCHITECTURE.md", "CHANGELOG.md"].concat(
  globSync("docs/**/*.md", { cwd: ROOT }),
);

/** The blocks of all documents, in their order. */
export const blocks = documents.flatMap((file): CodeBlock[] =>
  [...readFileSync(join(ROOT, file), "utf8").matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map((match) => ({
    file,
    language: match[1] as string,
    code: match[2] as string,
  })),
);

/** The README's blocks of a language that begin so. */
export function readmeBlocks(language: string, beginning = ""): string[] {
  return blocks
    .filter((block) => block.file === "README.md" && block.language === language && block.code.startsWith(beginning))
    .map(({ code }) => code);
}

/**
 * Writes the programs of a page in Python into a folder, each under the name with which it begins. A block that begins with
 * no name goes on with the one before.
 */
export function writePythonFiles(page: readonly CodeBlock[], folder: string): void {
  const programs: string[] = [];
  for (const { code } of page.filter(({ language }) => language === "python")) {
    if (code.startsWith("# ")) programs.push(code);
    else programs.push(`${programs.pop()}${code}`);
  }
  for (const code of programs) writeFileSync(join(folder, code.slice(2, code.indexOf("\n"))), code);
}
