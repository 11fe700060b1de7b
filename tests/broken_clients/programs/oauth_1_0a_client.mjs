// Calls with oauth-1.0a, right or with a mistake. Usage: oauth_1_0a_client.mjs JOBS NODE_FOLDER
import crypto from "node:crypto";
import fs from "node:fs";
import https from "node:https";
import { createRequire } from "node:module";

const OAuth = createRequire(`${process.argv[3]}/package.json`)("oauth-1.0a");
const configuration = JSON.parse(fs.readFileSync(process.argv[2], "utf8"));
const agent = new https.Agent({ keepAlive: true, ca: fs.readFileSync(configuration.ca_file) });
const FORM = "application/x-www-form-urlencoded";

const encode = (text) => encodeURIComponent(text).replace(/[!*'()]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
const joined = (pairs) => pairs.map(([name, value]) => `${encode(name)}=${encode(value)}`).join("&");

// As its documentation has it: a name that occurs more than once has an array.
function data_of(pairs) {
  const data = {};
  for (const [name, value] of pairs) {
    if (Object.hasOwn(data, name)) data[name] = [].concat(data[name], value);
    else data[name] = value;
  }
  return data;
}

function hash_function(kind, keys) {
  const [family, hash] = keys.signature_method.toLowerCase().split("-");
  return (text, key) => {
    if (family === "plaintext") return key;
    if (family === "rsa") return crypto.createSign(`RSA-${hash}`).update(text).sign(keys.private_key, "base64");
    const made = (name) => crypto.createHmac(name, key).update(text);
    if (kind === "other_hash") return made("sha256").digest("base64");
    if (kind === "hex") return made(hash).digest("hex");
    if (kind === "base64_newline") return `${made(hash).digest("base64")}\n`;
    if (kind === "sig_twice") return encodeURIComponent(made(hash).digest("base64"));
    return made(hash).digest("base64");
  };
}

function client_of(kind, keys) {
  const consumer = { key: keys.client_id, secret: keys.client_secret };
  const token = { key: keys.token, secret: keys.token_secret };
  if (kind === "swapped") [consumer.secret, token.secret] = [token.secret, consumer.secret];
  if (kind === "no_token_secret") delete token.secret;
  if (kind === "newline") token.secret += "\n";
  if (kind === "quotes") consumer.secret = `'${consumer.secret}'`;
  if (kind === "identifier") token.secret = token.key;
  const options = { consumer, signature_method: keys.signature_method, hash_function: hash_function(kind, keys) };
  if (kind === "ampersand") options.last_ampersand = false;
  if (kind === "realm") options.realm = "Photos";
  if (kind === "hash_wrong") options.body_hash_function = (body) => crypto.createHash("sha1").update(JSON.stringify(body)).digest("base64");
  else options.body_hash_function = (body) => crypto.createHash("sha1").update(body).digest("base64");
  const oauth = new OAuth(options);
  const right = oauth.percentEncode.bind(oauth);
  if (kind === "plus") oauth.percentEncode = (text) => right(text).replace(/%20/g, "+");
  if (kind === "lower_hex") oauth.percentEncode = (text) => right(text).replace(/%[0-9A-F]{2}/g, (found) => found.toLowerCase());
  if (kind === "secrets_raw") oauth.getSigningKey = (secret) => `${consumer.secret}&${secret ?? ""}`;
  if (kind === "component") oauth.percentEncode = encodeURIComponent;
  if (kind === "unsorted") oauth.sortObject = (data) => Object.keys(data).map((key) => ({ key, value: data[key] }));
  return [oauth, token];
}

function signed(job, keys) {
  const { kind } = job;
  const [oauth, token] = client_of(kind, keys);
  const address = keys[job.endpoint] + job.path;
  const url = job.query.length ? `${address}?${joined(job.query)}` : address;
  const asked = { url, method: job.method, data: job.form ? data_of(job.form) : {} };
  if (keys.body_hash && job.json !== null && kind !== "hash_missing") Object.assign(asked, { includeBodyHash: true, data: job.json });
  if (kind === "hash_wrong") asked.data = JSON.parse(job.json);
  if (kind === "query_appended") asked.url = address;
  if (kind === "form_unsigned") asked.data = {};
  if (kind === "json_as_form") asked.data = JSON.parse(job.json);
  if (kind === "http") asked.url = url.replace("https:", "http:");
  if (kind === "no_port") asked.url = url.replace(/localhost:[0-9]+/, "localhost");
  if (kind === "twice") asked.url = `${address}?${joined(job.query.map(([name, value]) => [name, encode(value)]))}`;
  if (kind === "slash") asked.url = url.replace(address, `${address}/`);
  if (kind === "method") asked.method = "POST";
  if (kind === "host_capitals") asked.url = url.replace("localhost", "LOCALHOST");
  if (kind === "empty") asked.url = `${address}?${joined(job.query.filter(([, value]) => value))}`;
  if (kind === "repeated") asked.url = `${address}?${joined(Object.entries(Object.fromEntries(job.query)))}`;
  const method_data = asked.data;
  if (kind === "realm") asked.data = { ...method_data, realm: "Photos" };
  if (job.endpoint === "request_token" && kind !== "no_callback") asked.data = { ...asked.data, oauth_callback: "oob" };
  const authorized = oauth.authorize(asked, job.endpoint === "request_token" ? undefined : token);
  if (asked.includeBodyHash) for (const name of Object.keys(asked.data)) if (!name.startsWith("oauth_")) delete authorized[name];
  const headers = oauth.toHeader(Object.fromEntries(Object.entries(authorized).filter(([name]) => name.startsWith("oauth_"))));
  let body;
  if (job.form) [body, headers["Content-Type"]] = [joined(job.form), FORM];
  if (job.json !== null) [body, headers["Content-Type"]] = [job.json, "application/json"];
  return [url, { method: job.method, headers, agent }, body];
}

function send(url, options, body) {
  return new Promise((resolve, reject) => {
    if (body !== undefined) options.headers["Content-Length"] = Buffer.byteLength(body);
    else if (options.method !== "GET") options.headers["Content-Length"] = 0;
    const request = https.request(url, options, (response) => {
      const parts = [];
      response.on("data", (part) => parts.push(part));
      response.on("end", () => resolve([response.statusCode, Buffer.concat(parts).toString()]));
    });
    request.on("error", reject);
    request.end(body);
  });
}

for (const job of configuration.jobs) {
  const [status, text] = await send(...signed(job, configuration.providers[job.provider]));
  console.log(JSON.stringify({ id: job.id, status, text }));
}
agent.destroy();
