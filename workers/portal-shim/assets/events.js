// Server-sent events over fetch: EventSource cannot send a token.

// Every event of a stream as { type, data }, with its data as JSON; ends with the stream.
export async function* eventsOf(path, token, signal) {
  const headers = { Accept: "text/event-stream", Authorization: `Bearer ${token}` };
  const answer = await fetch(path, { headers, signal, cache: "no-store" });
  if (!answer.ok || !answer.body) {
    throw new Error(`The stream of updates failed (${answer.status}).`);
  }
  yield { type: "open", data: null };
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) {
      return;
    }
    rest += value.replaceAll("\r", "");
    const blocks = rest.split("\n\n");
    rest = blocks.pop();
    for (const event of blocks.map(read).filter(Boolean)) {
      yield event;
    }
  }
}

function read(block) {
  const fields = block.split("\n").filter((line) => !line.startsWith(":")).map((line) => {
    const [, name, value] = /^([^:]*):? ?(.*)$/.exec(line);
    return [name, value];
  });
  const data = fields.filter(([name]) => name === "data").map(([, value]) => value).join("\n");
  if (!data) {
    return null;
  }
  const type = fields.find(([name]) => name === "event")?.[1] ?? "message";
  try {
    return { type, data: JSON.parse(data) };
  } catch {
    return null;
  }
}
