// A provider of Express that verifies with passport-http-oauth, as its documentation shows it.

import express from "express";
import passport from "passport";
import strategies from "passport-http-oauth";
import { accessTokens, answers, configuration, consent, profile, requestTokens } from "./provider.mjs";

const client = (key, done) => {
  const secret = configuration.clients[key];
  return secret === undefined ? done(null, false) : done(null, { key }, secret);
};
const requestToken = (token, done) => {
  const temporary = requestTokens.get(token);
  return temporary ? done(null, temporary.secret, { verifier: temporary.verifier }) : done(null, false);
};
const accessToken = (token, done) =>
  accessTokens.has(token) ? done(null, { name: "ada" }, accessTokens.get(token)) : done(null, false);
const fresh = (timestamp, nonce, done) => done(null, true);

passport.use("consumer", new strategies.ConsumerStrategy(client, requestToken, fresh));
passport.use("token", new strategies.TokenStrategy(client, accessToken, fresh));

const app = express();
app.use(express.urlencoded());
app.use(passport.initialize());
const send = (response, [kind, text]) => response.type(kind).send(text);
const verified = (name) => passport.authenticate(name, { session: false });
app.post("/initiate", verified("consumer"), (request, response) => {
  send(response, answers["/initiate"]({ oauth_callback: request.authInfo.oauth.callbackURL }));
});
app.get("/authorize", (request, response) => response.redirect(302, consent(request.query.oauth_token)));
app.post("/token", verified("consumer"), (request, response) => {
  const { token, verifier } = request.authInfo.oauth;
  send(response, answers["/token"]({ oauth_token: token, oauth_verifier: verifier }));
});
app.all("/api/{*path}", verified("token"), (request, response) => send(response, profile()));
app.use((error, request, response, next) => response.status(401).send(String(error)));
app.listen(Number(process.argv[2]), "127.0.0.1");
