import type { MessageState } from "../../../src/index.ts";

/** The flags of `export`. */
export interface ExportFlags {
  state?: MessageState;
  resume?: string;
}
