// A tool that is launched by LTI 1.1, and verifies the launch with ims-lti. Usage: node ims_lti.mjs PORT CONFIGURATION

import express from "express";
import lti from "ims-lti";
import { configuration } from "./provider.mjs";

const app = express();
app.use(express.urlencoded());
app.post("/launch", (request, response) => {
  const key = request.body.oauth_consumer_key;
  new lti.Provider(key, configuration.clients[key]).valid_request(request, (error, valid) => {
    if (valid) response.send({ user: request.body.user_id });
    else response.status(401).send(String(error));
  });
});
app.listen(Number(process.argv[2]), "127.0.0.1");
