// A server with better-sse: sessions in one channel, and a request that broadcasts its body.
import {createChannel, createSession} from "better-sse";
import express from "express";

const channel = createChannel();
const app = express();
app.disable("x-powered-by");

app.get("/stream", async (request, response) => {
  const session = await createSession(request, response, {keepAlive: 30_000});
  channel.register(session);
  session.push({}, "connected");
});

app.post("/publish", express.json(), (request, response) => {
  channel.broadcast(request.body, "notification");
  response.status(201).end();
});

app.listen({port: Number(process.argv[2]), host: "127.0.0.1", backlog: 4096});
