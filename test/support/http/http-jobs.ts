import { expect } from "vitest";
import type { JobReply, ReceivedMessage } from "../../../src/api/types.ts";
import type { Problem } from "../../../src/contract/problems.ts";
import { AUTHKEY, freshName, type TestServer } from "../server.ts";

/** What a server has answered. */
export interface Answer {
  status: number;
  // Tests look into answers of many shapes.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  body: any;
}

/** A queue of a test server with jobs, as a program that speaks plain HTTP uses it. */
export class HttpJobs {
  readonly #server: TestServer;
  readonly name: string;

  constructor(server: TestServer, name = freshName()) {
    this.#server = server;
    this.name = name;
  }

  /** @param body text is sent as it is */
  async call(method: string, path: string, body?: unknown, key?: string): Promise<Answer> {
    const headers = { Authorization: `Bearer ${AUTHKEY}`, ...(key === undefined ? {} : { "Idempotency-Key": key }) };
    const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
    const init = text === undefined ? { method, headers } : { method, headers, body: text };
    const response = await fetch(`${this.#server.address}/v1/queues/${this.name}${path}`, init);
    return { status: response.status, body: await response.json() };
  }

  /** A call that is not refused: its reply. */
  async done(method: string, path: string, body?: unknown, key?: string): Promise<Answer["body"]> {
    const answer = await this.call(method, path, body, key);
    expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300);
    return answer.body;
  }

  /** Submits one job of the task `resize`. */
  async submit(body: unknown, options: object = {}, key?: string): Promise<string> {
    const messages = [{ body, headers: { "dq-task": "resize" }, ...options }];
    return (await this.done("POST", "/messages", { messages }, key)).ids[0];
  }

  /** Receives one message, and answers with its receipt. */
  async begin(request: object = {}): Promise<string> {
    const { messages } = (await this.done("POST", "/receive", request)) as { messages: ReceivedMessage[] };
    expect(messages).toHaveLength(1);
    return messages[0]?.receipt ?? "";
  }

  /** @param results one for the receipt */
  ack(receipt: string, ...results: unknown[]): Promise<{ acked: number; stale: string[] }> {
    return this.done("POST", "/ack", { receipts: [receipt], ...(results.length === 0 ? {} : { results }) });
  }

  /** The job as it is, or as it is when it has ended. */
  job(id: string, timeoutSeconds = 0): Promise<JobReply> {
    return this.done("GET", `/messages/${id}/result?timeoutSeconds=${timeoutSeconds}`);
  }

  /** The problem with which the same is refused. */
  async refusal(id: string): Promise<Problem> {
    const { status, body } = await this.call("GET", `/messages/${id}/result`);
    expect(status).toBe(404);
    return body;
  }

  /** All jobs, page by page. */
  async list(query = ""): Promise<JobReply[]> {
    const jobs: JobReply[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const page: { jobs: JobReply[]; cursor: string | null } = await this.done(
        "GET",
        `/jobs?${query}&cursor=${cursor}`,
      );
      jobs.push(...page.jobs);
      cursor = page.cursor;
    }
    return jobs;
  }

  /** Lets calls that are on their way arrive and wait: three that were sent later have been answered then. */
  async arrival(): Promise<void> {
    for (let calls = 0; calls < 3; calls += 1) await this.call("GET", "");
  }
}
