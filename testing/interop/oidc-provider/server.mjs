// oidc-provider with one public native client and one user, on loopback. Started by ../serve.sh, which installs the
// package and names its folder in PILOTLIGHT_INTEROP_PACKAGES.

import { createPrivateKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

import { memoryAdapter } from './adapter.mjs';
import { interactions, secondFactor } from './interactions.mjs';
import { registerTokenExchange, tokenExchange } from './token-exchange.mjs';

const { values: options } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    'ttl-access': { type: 'string', default: '3600' },
    leeway: { type: 'string', default: '0' },
    'no-rotation': { type: 'boolean', default: false },
    'userinfo-jwt': { type: 'boolean', default: false },
    'jwt-access-tokens': { type: 'boolean', default: false },
    'dpop-nonce': { type: 'boolean', default: false },
  },
});
const ttl = Number(options['ttl-access']);
const day = 24 * 60 * 60;

// Import looks for packages beside the importing file, and nothing is installed in the checkout.
const require = createRequire(join(process.env.PILOTLIGHT_INTEROP_PACKAGES, 'package.json'));
const { Provider, errors } = await import(pathToFileURL(require.resolve('oidc-provider')));

const user = {
  email: 'ada@example.com',
  password: 'correct horse',
  claims: {
    sub: 'ada-1815',
    name: 'Ada Lovelace',
    given_name: 'Ada',
    family_name: 'Lovelace',
    nickname: 'ada',
    preferred_username: 'ada',
    picture: 'https://example.com/ada.png',
    website: 'https://example.com/ada',
    gender: 'female',
    birthdate: '1815-12-10',
    zoneinfo: 'Europe/London',
    locale: 'en-GB',
    updated_at: 1700000000,
    email: 'ada@example.com',
    email_verified: true,
    phone_number: '+44 20 7946 0000',
    phone_number_verified: false,
    address: { street_address: '12 St James’s Square', locality: 'London', postal_code: 'SW1Y 4JH', country: 'UK' },
    'https://example.com/roles': ['analyst'],
  },
};

// The APIs, by their resource indicators (RFC 8707), and their scopes. The first is the audience of JWT access tokens.
const resources = { 'https://api.example.com/': 'read:reports', 'https://other.example.com/': 'read:all' };
const [resource] = Object.keys(resources);
const serverInfo = (indicator) => ({ audience: indicator, accessTokenFormat: 'jwt', accessTokenTTL: ttl, scope: resources[indicator], jwt: { sign: { alg: 'RS256' } } });

// A new key at each start: restarting the server is a key rotation. By way of PEM: exporting a key as JWK holds a lock that is
// shared with the work that generated it, and where the garbage collector takes that work just then, Node.js 20 waits for ever.
const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
});
const signingKey = { ...createPrivateKey(privateKey).export({ format: 'jwk' }), kid: randomBytes(8).toString('hex'), use: 'sig', alg: 'RS256' };

const server = createServer();
server.listen(Number(options.port), '127.0.0.1');
await once(server, 'listening');
// The issuer names the port, so the provider is made when the port is known.
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  adapter: memoryAdapter(Number(options.leeway)),
  clients: [{
    client_id: 'native-app',
    client_name: 'Pilotlight sample',
    application_type: 'native',
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code', tokenExchange],
    response_types: ['code'],
    redirect_uris: ['com.example.pilotlight://callback', 'http://127.0.0.1/callback', 'https://app.example.com/callback'],
    post_logout_redirect_uris: ['com.example.pilotlight://logged-out'],
    ...(options['userinfo-jwt'] && { userinfo_signed_response_alg: 'RS256' }),
  }],
  findAccount: (ctx, id) => (id === user.claims.sub ? { accountId: id, claims: () => user.claims } : undefined),
  claims: {
    openid: ['sub'],
    profile: ['name', 'given_name', 'family_name', 'nickname', 'preferred_username', 'picture', 'website', 'gender',
      'birthdate', 'zoneinfo', 'locale', 'updated_at', 'https://example.com/roles'],
    email: ['email', 'email_verified'],
    phone: ['phone_number', 'phone_number_verified'],
    address: ['address'],
  },
  scopes: ['openid', 'offline_access'],
  // The default of 15 s would let expired tokens live on: with lifetimes of a few seconds nothing would expire.
  clockTolerance: 0,
  ttl: { AccessToken: ttl, IdToken: ttl, AuthorizationCode: 60, RefreshToken: 14 * day, Grant: 14 * day, Session: day, Interaction: 3600 },
  rotateRefreshToken: !options['no-rotation'],
  pkce: { required: () => true },
  acrValues: [secondFactor],
  features: {
    devInteractions: { enabled: false },
    deviceFlow: { enabled: true },
    claimsParameter: { enabled: true },
    dPoP: {
      enabled: true,
      ...(options['dpop-nonce'] && { nonceSecret: randomBytes(32), requireNonce: () => true }),
    },
    revocation: { enabled: true, allowedPolicy: (ctx, client, token) => token.clientId === client.clientId },
    jwtUserinfo: { enabled: options['userinfo-jwt'] },
    resourceIndicators: {
      enabled: true,
      defaultResource: (ctx, client, oneOf) => oneOf ?? (options['jwt-access-tokens'] ? resource : undefined),
      // Without it a token request that names no resource gets an opaque token for userinfo.
      useGrantedResource: () => options['jwt-access-tokens'],
      getResourceServerInfo: (ctx, indicator) => {
        if (!Object.hasOwn(resources, indicator)) throw new errors.InvalidTarget();
        return serverInfo(indicator);
      },
    },
  },
  interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
  cookies: { keys: [randomBytes(32).toString('hex')] },
  jwks: { keys: [signingKey] },
});

registerTokenExchange(provider, errors, resources, serverInfo);

const interact = interactions(provider, user);
const protocol = provider.callback();
server.on('request', (req, res) => {
  console.error(`${req.method} ${new URL(req.url, issuer).pathname}`);
  if (!req.url.startsWith('/interaction/')) {
    protocol(req, res);
    return;
  }
  interact(req, res).catch((error) => {
    console.error(error);
    if (!res.headersSent) res.writeHead(error.statusCode ?? 500, { 'content-type': 'text/plain' }).end(error.message);
  });
});
provider.on('server_error', (ctx, error) => console.error(error));

const discovery = await fetch(`${issuer}/.well-known/openid-configuration`);
if (!discovery.ok || (await discovery.json()).issuer !== issuer) throw new Error('the discovery document is wrong');
// Descriptor 3 is the launcher's standard output; everything else goes to standard error.
writeSync(3, `issuer: ${issuer}\n`);
