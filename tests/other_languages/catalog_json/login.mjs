// Logs in to a provider with catalog.json, oauth-1.0a and Node's fetch: all that it knows of a provider is in that file.
// Usage: login.mjs NODE_FOLDER CATALOG_JSON. Each line of its input is a job, and each line of its output the answer:
//   {"provider", "environment", "values"}                        the provider's fields for these choices
//   the same with {"client_id", "client_secret", "rsa_key", "redirect_uri", "user_agent", "https"}
//                                                                 {"url"}: where the user goes; then
//   {"callback"}                                                  {"token", "status", "body"}
import crypto from "node:crypto";
import fs from "node:fs";
import { createRequire } from "node:module";
import readline from "node:readline";

const OAuth = createRequire(`${process.argv[2]}/package.json`)("oauth-1.0a");
const CATALOG = JSON.parse(fs.readFileSync(process.argv[3], "utf8"));

// --- The fields of a provider for an application: environment, options, variables (docs/other-languages.md).

const isMapping = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

function merge(base, over) {
  const merged = { ...base };
  for (const [name, value] of Object.entries(over)) {
    merged[name] = isMapping(value) && isMapping(merged[name]) ? merge(merged[name], value) : value;
  }
  return merged;
}

const APPLY = {
  lower: (text) => text.toLowerCase(),
  upper: (text) => text.toUpperCase(),
  underscore_to_dash: (text) => text.replaceAll("_", "-"),
  dash_to_underscore: (text) => text.replaceAll("-", "_"),
};
const PLACEHOLDER = /\{([A-Za-z_][A-Za-z0-9_]*)\}/g;
const encode = (text) => encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
const isAddress = (name) => /(^|_)url$|^userinfo_endpoint$|^userinfo_followup$/.test(name);

function pathStart(url) {
  const host = url.indexOf("://") + 3;
  const path = host < 3 ? 0 : url.slice(host).search(/[/?#]/);
  return host < 3 ? 0 : path < 0 ? url.length : host + path;
}

function fill(text, values, name) {
  return text.replace(PLACEHOLDER, (whole, key, at) => {
    if (!(key in values)) return whole;
    if (!isAddress(name)) return values[key];
    if (at === 0) return values[key].replace(/\/+$/, "");
    return at < pathStart(text) ? values[key] : encode(values[key]);
  });
}

function filled(data, values, name = "") {
  if (typeof data === "string") return fill(data, values, name);
  if (Array.isArray(data)) return data.map((item) => filled(item, values, name));
  if (!isMapping(data)) return data;
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, filled(value, values, key)]));
}

function resolve(name, environment, given) {
  const { options, variables, environments, ...fields } = CATALOG.providers[name];
  let provider = fields;
  if (environment) {
    const { description, ...changed } = environments[environment];
    provider = { ...provider, ...changed };
  }
  for (const [key, option] of Object.entries(options)) {
    const value = given[key];
    if (value === undefined) continue; // the default is in the fields
    const chosen = Array.isArray(value) ? value.join(option.separator) : value;
    provider = merge(provider, filled(option.sets, { value: chosen }));
  }
  const values = {};
  for (const [key, variable] of Object.entries(variables)) {
    if (!variable.from) values[key] = given[key] ?? variable.default;
  }
  for (const [key, variable] of Object.entries(variables)) {
    if (variable.from) values[key] = variable.apply.reduce((text, step) => APPLY[step](text), values[variable.from]);
  }
  return filled(provider, values);
}

// --- A login (RFC 5849, section 2).

const HASHES = { "HMAC-SHA1": "sha1", "HMAC-SHA256": "sha256", "HMAC-SHA512": "sha512" };

function hash(method, key) {
  if (method === "PLAINTEXT") return (base, secret) => secret;
  if (method.startsWith("RSA-")) return (base) => crypto.sign(method, Buffer.from(base), key).toString("base64");
  return (base, secret) => crypto.createHmac(HASHES[method], secret).update(base).digest("base64");
}

const addQuery = (url, query) => (query ? `${url}${url.includes("?") ? "&" : "?"}${query}` : url);
const form = (fields) => Object.entries(fields).map(([name, value]) => `${encode(name)}=${encode(value)}`).join("&");

async function send(job, provider, call) {
  const { method, placement, token, protocol = {}, fields = {}, headers = {} } = call;
  const signing = provider.client_kwargs;
  let url = call.url.replace(/^https?:\/\//, job.https); // the only change for the emulator
  const sent = { ...provider.headers, ...headers };
  const agent = provider.user_agent?.value ?? job.user_agent;
  if (agent) sent["User-Agent"] = agent;
  if (signing.profile !== "rfc5849" || signing.body_hash !== "none" || signing.version === "none") throw new Error("not supported");
  let body = Object.keys(fields).length ? form(fields) : undefined;
  if (call.authorization) {
    sent[call.authorization[0]] = call.authorization[1];
  } else {
    const oauth = new OAuth({
      consumer: { key: job.client_id, secret: job.client_secret ?? "" },
      signature_method: signing.signature_method,
      hash_function: hash(signing.signature_method, job.rsa_key),
      realm: signing.realm ?? undefined,
    });
    const empty = !token && signing.empty_token ? { oauth_token: "" } : {};
    const signed = oauth.authorize({ method, url, data: { ...fields, ...empty, ...protocol } }, token);
    const own = Object.fromEntries(Object.entries(signed).filter(([name]) => name.startsWith("oauth_")));
    if (placement === "HEADER") sent.Authorization = oauth.toHeader(own).Authorization;
    if (placement === "QUERY") url = addQuery(url, form(own));
    if (placement === "BODY") body = form({ ...fields, ...own });
  }
  if (body !== undefined) sent["Content-Type"] = "application/x-www-form-urlencoded";
  const response = await fetch(url, { method, headers: sent, body, redirect: "manual" });
  return { status: response.status, text: await response.text() };
}

function read(provider, { status, text }) {
  if (status !== 200) throw new Error(`${status} ${text}`);
  const { format, fields: names } = provider.token_response;
  const kind = format !== "auto" ? format : ({ "{": "json", "<": "xml" })[text.trim()[0]] ?? "form";
  const readers = {
    form: () => Object.fromEntries(new URLSearchParams(text.trim())),
    json: () => Object.fromEntries(Object.entries(JSON.parse(text)).map(([name, value]) => [name, String(value)])),
    xml: () => Object.fromEntries([...text.matchAll(/<(\w+)>([^<]*)<\/\1>/g)].map(([, name, value]) => [name, value])),
  };
  const fields = readers[kind]();
  for (const [standard, theirs] of Object.entries(names)) {
    if (theirs in fields) fields[standard] = fields[theirs];
  }
  if (!fields.oauth_token) throw new Error(`no token in ${text}`);
  if (fields.oauth_token_secret === undefined && provider.callback.secret === "required") throw new Error(`no secret in ${text}`);
  return fields;
}

function tokenRequest(job, provider, step, call) {
  const values = { client_id: job.client_id, ...call.values };
  const own = filled(provider[`${step}_params`], values);
  const inBody = provider[`${step}_params_in`] === "body";
  return send(job, provider, {
    method: provider[`${step}_method`],
    url: inBody ? provider[`${step}_url`] : addQuery(provider[`${step}_url`], form(own)),
    fields: inBody ? own : {},
    headers: provider[`${step}_headers`] ?? {},
    placement: provider.token_signature_type ?? provider.client_kwargs.signature_type,
    ...call,
  });
}

const key = (fields) => ({ key: fields.oauth_token, secret: fields.oauth_token_secret ?? "" });

async function login(job, next) {
  const provider = resolve(job.provider, job.environment, job.values);
  const rules = provider.callback;
  const callback = rules.value === "oob" ? "oob" : job.redirect_uri;
  const temporary = read(provider, await tokenRequest(job, provider, "request_token", { protocol: { oauth_callback: callback } }));
  const confirmed = temporary.oauth_callback_confirmed;
  if (["false", "0", "no"].includes(confirmed) || (confirmed === undefined && rules.confirmed === "required")) {
    throw new Error("the callback is not confirmed");
  }

  const values = { client_id: job.client_id, oauth_token: temporary.oauth_token, oauth_callback: job.redirect_uri };
  const state = rules.state_param ? { [rules.state_param]: crypto.randomUUID() } : {};
  const given = provider.authorize_url_field ? temporary[provider.authorize_url_field] : undefined;
  const query = { ...(given ? {} : filled(provider.authorize_params, values)), ...state };
  query[provider.authorize_token_param] = temporary.oauth_token;
  const sends = { always: true, never: false, if_unconfirmed: rules.confirmed === "none" }[rules.send_at_authorize];
  if (sends && !given && !("oauth_callback" in query)) query.oauth_callback = job.redirect_uri;
  const address = given ?? filled({ authorize_url: provider.authorize_url }, values).authorize_url.replace(/^https?:\/\//, job.https);
  if (given && new URL(given).searchParams.has(provider.authorize_token_param)) delete query[provider.authorize_token_param];
  console.log(JSON.stringify({ url: addQuery(address, form(query)) }));

  const back = new URL((await next()).callback).searchParams;
  if ((back.get(rules.token_param) ?? temporary.oauth_token) !== temporary.oauth_token) throw new Error("another login");
  if (rules.state_param && back.get(rules.state_param) !== state[rules.state_param]) throw new Error("another state");
  const verifier = rules.verifier === "none" ? null : back.get(rules.verifier_param);
  if (!verifier && rules.verifier === "required") throw new Error("no verifier");
  const answer = await tokenRequest(job, provider, "access_token", {
    token: key(temporary),
    protocol: verifier ? { oauth_verifier: verifier } : {},
    values: { oauth_token: temporary.oauth_token },
  });
  const token = read(provider, answer);
  return { token, ...(await profile(job, provider, token)) };
}

// --- A call with the token.

async function profile(job, provider, token) {
  const base = provider.api_base_url;
  const endpoint = provider.userinfo_endpoint;
  if (!base) return {};
  const path = endpoint && endpoint !== "token_response" ? filled({ userinfo_endpoint: endpoint }, token).userinfo_endpoint : "";
  let url = path.includes("://") ? path : path.startsWith("/") ? new URL(path, base).href : base + path;
  const params = path ? filled(provider.userinfo_params, { client_id: job.client_id, ...token }) : {};
  const always = new URL(url).host === new URL(base).host ? filled(provider.api_params, { client_id: job.client_id }) : {};
  url = addQuery(url, form({ ...always, ...params }));
  const authorization = {
    signature: undefined,
    bearer: ["Authorization", `Bearer ${token.oauth_token}`],
    header: [provider.api_auth_header, token.oauth_token],
  }[provider.api_auth];
  const { status, text } = await send(job, provider, {
    method: path ? provider.userinfo_method : "GET",
    url,
    placement: provider.client_kwargs.signature_type,
    token: key(token),
    authorization,
  });
  return { status, body: text };
}

const lines = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const next = async () => JSON.parse((await lines.next()).value ?? "null");
for (let job = await next(); job; job = await next()) {
  const answer = job.client_id ? await login(job, next) : resolve(job.provider, job.environment, job.values);
  console.log(JSON.stringify(answer));
}
