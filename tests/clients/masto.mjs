// How an app that uses masto.js signs somebody in: the pages of consent in a browser, then the code for a token.
import { createOAuthAPIClient } from "masto";
import { authorize } from "./browser.mjs";

export const OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob";

/** The token of `name` for `app`; `pictures` keeps pictures of the pages. */
export async function tokenOf(name, { node, browser, app, scope, pictures }) {
  const query = new URLSearchParams({ response_type: "code", client_id: app.clientId, redirect_uri: OUT_OF_BAND, scope });
  const code = await authorize(browser, `${node.url}/oauth/authorize?${query}`, name, pictures);
  const token = await createOAuthAPIClient({ url: node.url }).token.create({
    grantType: "authorization_code",
    clientId: app.clientId,
    clientSecret: app.clientSecret,
    redirectUri: OUT_OF_BAND,
    code,
    scope,
  });
  return token.accessToken;
}
