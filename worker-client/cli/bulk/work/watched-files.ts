import { type FSWatcher, watch } from "node:fs";
import { basename, dirname, sep } from "node:path";

/** How long changes are collected, in milliseconds: an editor that saves a file changes it several times. */
const SETTLE_MS = 100;

/** Watches files, also where an editor replaces them. Those of packages are not watched. */
export class WatchedFiles {
  readonly #changed: (path: string) => void;
  /** The names of the files of each folder. */
  readonly #names = new Map<string, Set<string>>();
  readonly #watchers: FSWatcher[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** @param changed called with one of the files that have changed */
  constructor(changed: (path: string) => void) {
    this.#changed = changed;
  }

  add(paths: readonly string[]): void {
    for (const path of paths) {
      if (path.includes(`${sep}node_modules${sep}`)) continue;
      const folder = dirname(path);
      const names = this.#names.get(folder);
      if (names === undefined) this.#watch(folder, new Set([basename(path)]));
      else names.add(basename(path));
    }
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const watcher of this.#watchers) watcher.close();
  }

  #watch(folder: string, names: Set<string>): void {
    this.#names.set(folder, names);
    const watcher = watch(folder, (_, name) => {
      if (name === null || !names.has(name)) return;
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#changed(`${folder}${sep}${name}`), SETTLE_MS);
    });
    // A folder that is removed is watched no more.
    watcher.on("error", () => watcher.close());
    this.#watchers.push(watcher);
  }
}
