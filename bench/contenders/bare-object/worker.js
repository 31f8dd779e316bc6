import { DurableObject } from "cloudflare:workers";

/** The least that an object can do with a message: writes it into the one row, passes it on and confirms. */
export class BareObject extends DurableObject {
  #receiver;

  constructor(state, env) {
    super(state, env);
    state.storage.sql.exec("CREATE TABLE IF NOT EXISTS message (id INTEGER PRIMARY KEY, body TEXT)");
  }

  fetch() {
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  webSocketMessage(socket, frame) {
    if (frame === "receive") {
      this.#receiver = socket;
      socket.send("done");
      return;
    }
    this.ctx.storage.sql.exec("INSERT OR REPLACE INTO message (id, body) VALUES (1, ?)", frame);
    this.#receiver?.send(frame);
    socket.send("done");
  }
}

export default {
  fetch: (request, { OBJECT }) => OBJECT.getByName("bare").fetch(request),
};
