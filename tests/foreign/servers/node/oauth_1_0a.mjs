// A provider that verifies with oauth-1.0a: the signature that it makes of a request is compared.

import { createHmac } from "node:crypto";
import OAuth from "oauth-1.0a";
import { serve } from "./provider.mjs";

const HASHES = { "HMAC-SHA1": "sha1", "HMAC-SHA256": "sha256", "HMAC-SHA512": "sha512" };

serve(({ method, url, form, protocol, secret, tokenSecret }) => {
  const name = protocol.oauth_signature_method;
  const oauth = new OAuth({
    consumer: { key: protocol.oauth_consumer_key, secret },
    signature_method: name,
    hash_function: (base, key) => createHmac(HASHES[name], key).update(base).digest("base64"),
  });
  const own = url.replace(/([?&])oauth_[^&]*/g, "$1").replace(/[?&]+$/, ""); // it would take them for parameters twice
  return oauth.getSignature({ method, url: own, data: { ...form } }, tokenSecret, protocol);
});
