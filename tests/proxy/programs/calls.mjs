// Calls an API by Node's own fetch, through the address in the environment. Prints a line of JSON for each answer.
const at = process.env.OAUTH1_PROXY_URL + process.argv[2];

async function call(name, path, options) {
  const answer = await fetch(at + path, options);
  console.log(JSON.stringify([name, answer.status, await answer.text()]));
}

await call("get", "?q=a%20b&e=%C3%A9&q=2", {});
await call("form", "", { method: "POST", body: new URLSearchParams([["a", "b c"], ["d", "+é&"]]) });
await call("json", "", { method: "POST", headers: { "Content-Type": "application/json" }, body: '{"a": "b c"}' });

const form = new FormData();
form.append("title", "A cat é");
form.append("photo", new Blob([Buffer.from([0, 255, 13, 10, 45, 45])], { type: "image/png" }), "cat.png");
await call("multipart", "", { method: "POST", body: form });

let left = 20;
const stream = new ReadableStream({
  pull(controller) {
    controller.enqueue(Buffer.alloc(10000, left));
    if (--left === 0) controller.close();
  },
});
const headers = { "Content-Type": "application/octet-stream" };
await call("stream", "", { method: "PUT", body: stream, duplex: "half", headers });
