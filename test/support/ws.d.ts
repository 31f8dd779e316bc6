/** What of the package `ws` the client uses, without the types of Node, which are not those of a Worker. */
export declare class WebSocket {
  constructor(url: string, protocols: string[], options: object);
  // biome-ignore lint/suspicious/noExplicitAny: each event has arguments of its own
  on(event: string, listener: (...given: any[]) => void): this;
  send(text: string, sent: () => void): void;
  close(code: number): void;
  terminate(): void;
}
