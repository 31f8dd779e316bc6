import { Failure } from "./exit.ts";
import type { Io, OutputStream } from "./io.ts";
import { type Style, styleOf } from "./style.ts";
import { type Column, columnsOf, tableLines } from "./table.ts";
import { shownText } from "./text.ts";

/** How many rows of a table are laid out together: a longer list has several tables, and needs no more memory. */
const TABLE_ROWS = 500;

/**
 * Where results go: tables and colours for people on a terminal, one JSON value a line for programs, that is with
 * `--json` or where standard output is no terminal. Notes for people go to standard error.
 */
export class Output {
  readonly isJson: boolean;
  /** Colours of standard output. */
  readonly style: Style;
  /** Colours of standard error. */
  readonly noteStyle: Style;
  readonly #io: Io;

  constructor(io: Io, wantsJson: boolean) {
    this.#io = io;
    this.isJson = wantsJson || io.stdout.isTTY !== true;
    this.style = styleOf(io.stdout, io.environment);
    this.noteStyle = styleOf(io.stderr, io.environment);
  }

  /** How many columns a line of standard output has. */
  get width(): number {
    return columnsOf(this.#io.stdout);
  }

  /** Whether a person sees standard error. */
  get isWatched(): boolean {
    return this.#io.stderr.isTTY === true;
  }

  /** Writes a line, and waits while the reader is slower. */
  async line(text: string): Promise<void> {
    await written(this.#io.stdout, `${text}\n`);
  }

  /** Writes what is no text, or no line, as it is. */
  async raw(content: string | Uint8Array): Promise<void> {
    await written(this.#io.stdout, content);
  }

  /**
   * Waits until all that was written has left this process, as before a message is acked that was printed.
   *
   * @throws {Failure} if it could not be written, as on a full disk
   */
  async flushed(): Promise<void> {
    await new Promise<void>((settle, fail) => {
      this.#io.stdout.write("", (error) => {
        if (error === undefined || error === null) settle();
        else fail(new Failure(`Standard output cannot be written: ${error.message}.`, "output"));
      });
    });
  }

  /** Writes a value as one line of JSON. What a terminal would act upon in its texts is escaped, as JSON allows. */
  async json(value: unknown): Promise<void> {
    const json = JSON.stringify(value);
    await this.line(this.#io.stdout.isTTY === true ? shownText(json) : json);
  }

  /** Writes a result: one line of JSON, or the sentence for people. */
  async result(value: unknown, sentence: string): Promise<void> {
    await (this.isJson ? this.json(value) : this.line(sentence));
  }

  /**
   * Writes a list: one line of JSON for each row, or a table.
   *
   * @param none the sentence for people where there is no row
   */
  async list<Row>(
    columns: readonly Column<Row>[],
    rows: AsyncIterable<Row> | Iterable<Row>,
    { none, jsonOf = (row) => row }: { none: string; jsonOf?: (row: Row) => unknown },
  ): Promise<void> {
    let count = 0;
    let shown: Row[] = [];
    const flush = async () => {
      for (const line of tableLines(columns, shown, { width: this.width, style: this.style })) await this.line(line);
      shown = [];
    };
    for await (const row of rows) {
      count += 1;
      if (this.isJson) {
        await this.json(jsonOf(row));
        continue;
      }
      shown.push(row);
      if (shown.length === TABLE_ROWS) await flush();
    }
    if (shown.length > 0) await flush();
    if (count === 0) this.note(none);
  }

  /** Writes a sentence for people to standard error, where a person sees it. */
  note(text: string): void {
    if (this.isWatched) this.#io.stderr.write(`${this.noteStyle("dim", shownText(text))}\n`);
  }

  /** Writes a warning to standard error. */
  warn(text: string): void {
    this.#io.stderr.write(`${this.noteStyle("yellow", "Warning:")} ${shownText(text)}\n`);
  }
}

async function written(stream: OutputStream, content: string | Uint8Array): Promise<void> {
  if (stream.write(content)) return;
  await new Promise<void>((settle) => {
    stream.once("drain", settle);
  });
}
