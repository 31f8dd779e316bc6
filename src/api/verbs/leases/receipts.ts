/** What the verbs share that are about receipts. */
import * as z from "zod";
import { ERROR_CHARACTERS_MAX, RECEIPT_CHARACTERS_MAX, RECEIPTS_MAX } from "../../../contract/limits.ts";
import { errorParts } from "../../schema/jobs.ts";

/** Receipts whose lease is over, or that were never given. They changed nothing. */
export const stale = z.array(z.string());

/** Why an attempt failed: a text, or the parts of an error. The next delivery has its text as `lastError`. */
export const error = z.union([z.string().max(ERROR_CHARACTERS_MAX), errorParts]).optional();

/**
 * Whether a request has valid receipts and no other field, as most acks have. For speed, because every message comes back
 * in one: the schema takes five times as long.
 */
export function isOnlyReceipts(request: unknown): request is { receipts: string[] } {
  if (typeof request !== "object" || request === null || !("receipts" in request)) return false;
  const { receipts } = request;
  if (!Array.isArray(receipts) || receipts.length === 0 || receipts.length > RECEIPTS_MAX) return false;
  return Object.keys(request).length === 1 && receipts.every(isReceipt);
}

function isReceipt(value: unknown): boolean {
  return typeof value === "string" && value.length > 0 && value.length <= RECEIPT_CHARACTERS_MAX;
}
