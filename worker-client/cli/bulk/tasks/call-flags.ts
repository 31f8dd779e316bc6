import type { ItemFlags } from "../../base/item-flags.ts";

/** The flags of `tasks call`. */
export interface CallFlags extends ItemFlags {
  file?: string;
  timeoutSeconds?: number;
  /** False after `--no-wait`. */
  wait?: boolean;
  cancelOnInterrupt?: boolean;
  force?: boolean;
  idempotencyKey?: string;
}
