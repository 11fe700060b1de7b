// The three endpoints and the API of a provider, for the verifiers that are written for Node: what they share.
// Usage of each server: node SERVER.mjs PORT CONFIGURATION

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { parse } from "node:querystring";

export const configuration = JSON.parse(readFileSync(process.argv[3], "utf8"));
export const requestTokens = new Map(); // their secret, callback and verifier
export const accessTokens = new Map(Object.entries(configuration.tokens));
let count = 0;

// What each endpoint answers once a request is verified; `read` is what the verifier has read of it.
export const answers = {
  "/initiate": (read) => {
    const token = `request-${++count}`;
    const temporary = { secret: `secret-${count}`, callback: read.oauth_callback, verifier: `verifier-${count}` };
    requestTokens.set(token, temporary);
    return form({ oauth_token: token, oauth_token_secret: temporary.secret, oauth_callback_confirmed: true });
  },
  "/token": (read) => {
    const temporary = requestTokens.get(read.oauth_token);
    requestTokens.delete(read.oauth_token);
    if (temporary.verifier !== read.oauth_verifier) throw new Error("verifier_invalid");
    const token = `access-${++count}`;
    accessTokens.set(token, `secret-${count}`);
    return form({ oauth_token: token, oauth_token_secret: `secret-${count}` });
  },
};

export function consent(token) {
  const { callback, verifier } = requestTokens.get(token);
  const back = new URLSearchParams({ oauth_token: token, oauth_verifier: verifier });
  return `${callback}${callback.includes("?") ? "&" : "?"}${back}`;
}

export function form(fields) {
  return ["application/x-www-form-urlencoded", new URLSearchParams(fields).toString()];
}

export const profile = () => ["application/json", '{"user": "ada"}'];

// The protocol parameters of an Authorization header.
function header(text) {
  const fields = [...(text ?? "").matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, decodeURIComponent(value)]);
  return Object.fromEntries(fields.filter(([name]) => name.startsWith("oauth_")));
}

// A provider whose `signature(call)` is a library's: `call` has method, url, parameters (of query and form, as Node parses
// them), protocol (what is signed of oauth_...), secret and tokenSecret.
export function serve(signature) {
  const server = createServer(async (request, response) => {
    const url = new URL(`http://${request.headers.host}${request.url}`);
    if (url.pathname === "/authorize") {
      response.writeHead(302, { Location: consent(url.searchParams.get("oauth_token")) }).end();
      return;
    }
    try {
      const body = await text(request);
      const query = parse(request.url.split("?").slice(1).join("?"));
      const isForm = /^application\/x-www-form-urlencoded\b/i.test(request.headers["content-type"] ?? "");
      const parameters = { query, form: isForm ? parse(body) : {} };
      const protocol = header(request.headers.authorization);
      for (const place of Object.values(parameters)) {
        for (const name of Object.keys(place).filter((name) => name.startsWith("oauth_"))) {
          protocol[name] = place[name];
          delete place[name];
        }
      }
      const { oauth_signature: sent, ...signed } = protocol;
      const secret = configuration.clients[signed.oauth_consumer_key];
      const tokens = url.pathname === "/token" ? requestTokens : accessTokens;
      const token = url.pathname === "/initiate" ? "" : tokens.get(signed.oauth_token);
      if (secret === undefined || token === undefined) throw new Error("unknown client or token");
      const call = { method: request.method, url: `http://${request.headers.host}${request.url}`, ...parameters };
      const made = signature({ ...call, protocol: signed, secret, tokenSecret: token.secret ?? token });
      if (made !== sent) throw new Error("signature_invalid");
      const [kind, answer] = (answers[url.pathname] ?? profile)(protocol);
      response.writeHead(200, { "Content-Type": kind }).end(answer);
    } catch (error) {
      response.writeHead(401, { "Content-Type": "text/plain" }).end(String(error));
    }
  });
  server.listen(Number(process.argv[2]), "127.0.0.1");
}

async function text(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}
