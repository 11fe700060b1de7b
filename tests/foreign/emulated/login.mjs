// Logs in with oauth-1.0a and Node's fetch. Its configuration is the environment, and the URLs are the provider's own.
// Usage: login.mjs NODE_FOLDER. It prints the URL for the user's browser, and reads the callback URL.
import crypto from "node:crypto";
import { createRequire } from "node:module";
import readline from "node:readline";

const OAuth = createRequire(`${process.argv[2]}/package.json`)("oauth-1.0a");

// The only change for the emulator. Without the variable, the program uses the provider.
const HTTPS = process.env.EMULATED_TWITTER_HTTPS ?? "https://";

const oauth = new OAuth({
  consumer: { key: process.env.TWITTER_CLIENT_ID, secret: process.env.TWITTER_CLIENT_SECRET },
  signature_method: "HMAC-SHA1",
  hash_function: (text, key) => crypto.createHmac("sha1", key).update(text).digest("base64"),
});

async function send(method, url, token, data = {}) {
  const headers = oauth.toHeader(oauth.authorize({ method, url, data }, token));
  const response = await fetch(url, { method, headers });
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status} ${text}`);
  return text;
}

function token_in(text) {
  const fields = new URLSearchParams(text);
  return { key: fields.get("oauth_token"), secret: fields.get("oauth_token_secret") };
}

const data = { oauth_callback: "https://app.example/callback" };
const temporary = token_in(await send("POST", `${HTTPS}api.twitter.com/oauth/request_token`, undefined, data));
console.log(`${HTTPS}api.twitter.com/oauth/authenticate?oauth_token=${encodeURIComponent(temporary.key)}`);

const { value: callback } = await readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]().next();
const returned = new URL(callback).searchParams;
if (returned.get("oauth_token") !== temporary.key) throw new Error("the callback is that of another login");
const verifier = { oauth_verifier: returned.get("oauth_verifier") };
const token = token_in(await send("POST", `${HTTPS}api.twitter.com/oauth/access_token`, temporary, verifier));

for (const url of ["api.twitter.com/1.1/account/settings.json?a=b%20c", "api.x.com/2/tweets?text=%C3%A9"]) {
  const { user } = JSON.parse(await send("GET", HTTPS + url, token));
  console.log(user);
}
process.exit(0);
