/** A stream that is written to, and perhaps a terminal. */
export interface OutputStream {
  write(text: string | Uint8Array, written?: (error?: Error | null) => void): boolean;
  once(event: "drain", heard: () => void): unknown;
  readonly isTTY?: boolean | undefined;
  /** How many characters a line of the terminal has. */
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
}

/** All that the program has from its process. Tests give their own. */
export interface Io {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean | undefined };
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The path of the working directory. */
  readonly folder: string;
  /** The path of the user's own directory. */
  readonly home: string;
  /** Aborted by the first signal that ends the program, as Ctrl-C. */
  readonly interrupted: AbortSignal;
  /**
   * Lets the command end by itself, as a server or a worker does: after a signal it takes as long as it needs, and it
   * goes on when no program reads its output any more.
   *
   * @param again called at each further signal. Default: the second signal ends the process at once
   * @param isServer whether Ctrl-C is how it is meant to end, so that its status is 0 then
   */
  endByItself(options?: { again?: () => void; isServer?: boolean }): void;
  /** Has this run when the process ends, however that happens, and answers with a function that takes it back. */
  atExit(undo: () => void): () => void;
}
