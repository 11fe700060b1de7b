// A provider that verifies with oauth-signature: the signature that it makes of a request is compared.

import signature from "oauth-signature";
import { serve } from "./provider.mjs";

serve(({ method, url, query, form, protocol, secret, tokenSecret }) => {
  const parameters = [{ ...query }, { ...form }, protocol];
  return signature.generate(method, url.split("?")[0], parameters, secret, tokenSecret, { encodeSignature: false });
});
