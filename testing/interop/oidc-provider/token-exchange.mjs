// Token exchange (RFC 8693), as a grant that oidc-provider lets an application register: an access token of this client's for an access
// token of an API, a JWT. `resources` are the APIs with their scopes.

const types = 'urn:ietf:params:oauth:token-type:';

export const tokenExchange = 'urn:ietf:params:oauth:grant-type:token-exchange';

export function registerTokenExchange(provider, errors, resources, serverInfo) {
  const parameters = ['subject_token', 'subject_token_type', 'requested_token_type', 'actor_token', 'actor_token_type', 'audience', 'resource', 'scope'];

  async function exchange(ctx) {
    const { client, params } = ctx.oidc;
    const refuse = (words) => { throw new errors.InvalidRequest(words); };
    if (params.subject_token_type !== `${types}access_token`) refuse('the subject_token_type is not supported');
    if (![undefined, `${types}access_token`].includes(params.requested_token_type)) refuse('the requested_token_type is not supported');
    if (params.actor_token !== undefined) refuse('the actor_token is not accepted');
    const subject = await provider.AccessToken.find(params.subject_token ?? '');
    // RFC 8693 section 2.2.2.
    if (!subject || subject.clientId !== client.clientId) refuse('the subject_token is expired, revoked or not active');
    const target = params.audience ?? params.resource;
    if (!Object.hasOwn(resources, target ?? '')) throw new errors.InvalidTarget();
    const info = serverInfo(target);
    const known = info.scope.split(' ');
    const scope = params.scope?.split(' ') ?? known;
    const odd = scope.find((one) => !known.includes(one));
    if (odd) throw new errors.InvalidScope('the API has no such scope', odd);

    const token = new provider.AccessToken({ accountId: subject.accountId, client, grantId: subject.grantId, gty: 'token_exchange', scope: scope.join(' ') });
    token.resourceServer = new provider.ResourceServer(target, info);
    ctx.oidc.entity('AccessToken', token);
    ctx.body = {
      access_token: await token.save(),
      issued_token_type: `${types}access_token`,
      token_type: token.tokenType,
      expires_in: token.expiration,
      scope: token.scope,
    };
  }

  provider.registerGrantType(tokenExchange, exchange, parameters);
}
