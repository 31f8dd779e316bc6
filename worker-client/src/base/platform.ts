/**
 * What differs between the runtimes that this client runs in: Node, Bun, Deno and workerd. No module of the client does
 * anything when it is imported: workerd refuses timers and random values there.
 */

/** A channel of `node:diagnostics_channel`. */
export interface DiagnosticsChannel {
  readonly hasSubscribers: boolean;
  publish(message: unknown): void;
}

/** What is used of modules of Node that other runtimes may have too. */
interface BuiltinModule {
  hostname?: () => string;
  channel?: (name: string) => DiagnosticsChannel;
}

/** A process that is sent signals. */
export interface SignalSource {
  readonly pid: number;
  /** Adds a listener before all others. */
  prependListener(name: string, listener: (name: string) => void): unknown;
  off(name: string, listener: (name: string) => void): unknown;
  listenerCount(name: string): number;
  /** Sends a signal to a process. */
  kill(pid: number, name: string): unknown;
}

/** Parts that not every runtime has. */
interface Runtime {
  setImmediate?: (run: () => void) => unknown;
  process?: {
    env?: Record<string, string | undefined>;
    versions?: Record<string, string>;
    pid?: number;
    prependListener?: unknown;
    kill?: unknown;
    emitWarning?: (text: string, options: { code: string }) => void;
    getBuiltinModule?: (name: string) => BuiltinModule | undefined;
  };
  navigator?: { userAgent?: string };
  Deno?: { permissions?: { querySync?: (permission: { name: string; kind: string }) => { state: string } } };
  Buffer?: {
    from(bytes: ArrayBuffer, offset: number, length: number): { toString(encoding: "base64"): string };
    from(text: string, encoding: "base64"): Uint8Array;
  };
}

const runtime = globalThis as unknown as Runtime;

/** The longest time of the runtimes' timers, in milliseconds; they fire at once for more. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** How many bytes `String.fromCharCode` gets as arguments at a time. */
const BYTES_AT_A_TIME = 8_192;

/** That of the runtime: a test that replaces the timers of its process does not stop queues in memory with them. */
const { setImmediate: setImmediateOfRuntime } = runtime;

/** Runs this when the present turn of the event loop is over. It keeps the process alive until then. */
export function turn(run: () => void): void {
  if (setImmediateOfRuntime !== undefined) setImmediateOfRuntime(run);
  else setTimeout(run, 0);
}

/**
 * Runs this after the runtime has read what has arrived: timers fire before that, so that after the event loop was
 * blocked they do not know of it yet. Belongs to a timer, and is replaced with it where a test replaces timers.
 */
export function afterReading(run: () => void): void {
  const later = runtime.setImmediate ?? ((soon: () => void) => setTimeout(soon, 0));
  later(() => later(run));
}

/** Whether this can be awaited, whichever class it is of. */
export function isPromise(value: unknown): value is PromiseLike<unknown> {
  const isObject = (typeof value === "object" && value !== null) || typeof value === "function";
  return isObject && "then" in value && typeof value.then === "function";
}

/** A timer for any time, also for more than the 24.8 days that the runtimes know; for `Infinity` it never fires. */
export class Timer {
  readonly #run: () => void;
  readonly #holds: boolean;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param holds whether it keeps the process alive, in runtimes that can tell the difference */
  constructor(ms: number, run: () => void, { holds = true }: { holds?: boolean } = {}) {
    this.#run = run;
    this.#holds = holds;
    if (ms !== Number.POSITIVE_INFINITY) this.#start(ms);
  }

  clear(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
  }

  #start(ms: number): void {
    const part = Math.min(ms, TIMER_MS_MAX);
    this.#timer = setTimeout(() => (ms > part ? this.#start(ms - part) : this.#run()), part);
    if (!this.#holds) unref(this.#timer);
  }
}

/** Lets the process end although the timer runs. Does nothing in runtimes whose timers are numbers. */
export function unref(timer: unknown): void {
  (timer as { unref?: () => void }).unref?.();
}

/** Waits for `ms`. Throws the signal's reason as soon as that is aborted. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((settle, fail) => {
    if (signal?.aborted) {
      fail(signal.reason);
      return;
    }
    const abort = () => {
      timer.clear();
      fail(signal?.reason);
    };
    const timer = new Timer(ms, () => {
      signal?.removeEventListener("abort", abort);
      settle();
    });
    signal?.addEventListener("abort", abort, { once: true });
  });
}

/** The codes of the warnings that this process has had. */
const warned = new Set<string>();

/** Warns the operator, once per code. In Workers and browsers it does nothing: what it is about is as it should be there. */
export function warnOnce(code: string, text: string): void {
  if (isWorker() || warned.has(code)) return;
  warned.add(code);
  runtime.process?.emitWarning?.(text, { code });
}

function isWorker(): boolean {
  return runtime.navigator?.userAgent === "Cloudflare-Workers";
}

/** The process, where it is sent signals; undefined in Workers and browsers. */
export function signalSource(): SignalSource | undefined {
  const { process } = runtime;
  const isOne = typeof process?.prependListener === "function" && typeof process.kill === "function";
  if (isWorker() || !isOne) return undefined;
  return process as unknown as SignalSource;
}

/** A variable of the environment; undefined where there is none. */
export function environment(name: string): string | undefined {
  return runtime.process?.env?.[name];
}

/** Whether this is Bun, whose `ws` is not that of npm. */
export function isBun(): boolean {
  return runtime.process?.versions?.bun !== undefined;
}

/**
 * The machine and the process, as `build-7:4211`; undefined where there are none, as in Workers and browsers.
 *
 * @param charactersMax a longer name of the machine is cut
 */
export function processName(charactersMax: number): string | undefined {
  const pid = runtime.process?.pid;
  if (pid === undefined || isWorker()) return undefined;
  const rest = `:${pid}`;
  const host = hostname().replace(/[^\x21-\x7e]/g, "-");
  return host.slice(0, charactersMax - rest.length) + rest;
}

/** The name of the machine, or of the runtime where that may not be read. */
function hostname(): string {
  try {
    // Deno would ask its user before it gives the name.
    const permission = runtime.Deno?.permissions?.querySync?.({ name: "sys", kind: "hostname" });
    if (permission !== undefined && permission.state !== "granted") return "deno";
    return runtime.process?.getBuiltinModule?.("node:os")?.hostname?.() ?? "process";
  } catch {
    return "process";
  }
}

/** Random bytes. */
export function randomBytes(count: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(count));
}

/** Bytes as base64, with padding. */
export function base64Of(bytes: Uint8Array): string {
  const buffer = runtime.Buffer;
  if (buffer !== undefined) {
    return buffer.from(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength).toString("base64");
  }
  let text = "";
  for (let begin = 0; begin < bytes.length; begin += BYTES_AT_A_TIME) {
    text += String.fromCharCode(...bytes.subarray(begin, begin + BYTES_AT_A_TIME));
  }
  return btoa(text);
}

/** The bytes of a base64 text, in memory of their own. */
export function bytesOf(base64: string): Uint8Array {
  const buffer = runtime.Buffer;
  if (buffer !== undefined) return new Uint8Array(buffer.from(base64, "base64"));
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/** A channel of `node:diagnostics_channel`; undefined in runtimes that have none. */
export function diagnosticsChannel(name: string): DiagnosticsChannel | undefined {
  try {
    return runtime.process?.getBuiltinModule?.("node:diagnostics_channel")?.channel?.(name);
  } catch {
    return undefined;
  }
}
