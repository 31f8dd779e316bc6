/** What a message says, and what is to be done with it. */
export interface Task {
  n: number;
  kind: "acked" | "returned" | "later" | "twice" | "never" | "thrown" | "all" | "deferred";
}
