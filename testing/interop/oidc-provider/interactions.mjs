// The login and consent pages: plain HTML forms that check the password, as a person would meet them.

const page = (title, body) => `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title></head>
<body><h1>${title}</h1>${body}</body></html>`;

const loginPage = (message = '') => page('Sign in', `<p>${message}</p><form method="post">
<label>E-mail address <input type="email" name="email" autocomplete="username" required></label>
<label>Password <input type="password" name="password" autocomplete="current-password" required></label>
<button name="answer" value="cancel" formnovalidate>Cancel</button>
<button name="answer" value="sign-in">Sign in</button></form>`);

const consentPage = (scopes) => page('Allow access?', `<ul>${scopes.map((scope) => `<li>${scope}</li>`).join('')}</ul>
<form method="post"><button name="answer" value="cancel">Cancel</button>
<button name="answer" value="allow">Allow</button></form>`);

const show = (res, status, html) => {
  res.writeHead(status, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' }).end(html);
};

const readForm = async (req) => {
  let body = '';
  for await (const chunk of req.setEncoding('utf8')) body += chunk;
  return new URLSearchParams(body);
};

const missingScopes = ({ missingOIDCScope = [], missingResourceScopes = {} }) => (
  [...missingOIDCScope, ...Object.values(missingResourceScopes).flat()]);

/** The authentication context class that the login page reaches where it is asked for. */
export const secondFactor = 'urn:example:second-factor';

/** Answers requests below /interaction/ for the provider's prompts "login" and "consent". */
export const interactions = (provider, user) => async (req, res) => {
  const { prompt, params, session, grantId } = await provider.interactionDetails(req, res);
  if (req.method !== 'POST') {
    show(res, 200, prompt.name === 'login' ? loginPage() : consentPage(missingScopes(prompt.details)));
    return;
  }
  const form = await readForm(req);
  const finish = (result, mergeWithLastSubmission) => (
    provider.interactionFinished(req, res, result, { mergeWithLastSubmission }));
  if (form.get('answer') === 'cancel') {
    await finish({ error: 'access_denied', error_description: 'The user cancelled' }, false);
  } else if (prompt.name === 'login') {
    if (form.get('email') === user.email && form.get('password') === user.password) {
      const acr = prompt.details.acr?.values?.find((value) => value === secondFactor);
      await finish({ login: { accountId: user.claims.sub, acr } }, false);
    } else {
      show(res, 401, loginPage('Wrong e-mail address or password.'));
    }
  } else {
    const known = grantId && await provider.Grant.find(grantId);
    const grant = known || new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
    const { missingOIDCScope, missingOIDCClaims, missingResourceScopes = {} } = prompt.details;
    if (missingOIDCScope) grant.addOIDCScope(missingOIDCScope.join(' '));
    if (missingOIDCClaims) grant.addOIDCClaims(missingOIDCClaims);
    for (const [resource, scopes] of Object.entries(missingResourceScopes)) {
      grant.addResourceScope(resource, scopes.join(' '));
    }
    await finish({ consent: { grantId: await grant.save() } }, true);
  }
};
