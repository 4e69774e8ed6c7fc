// oidc-provider's storage, in memory. It has no rotation overlap; here a used refresh token is given out as
// unused again while the overlap lasts: the immediately previous one only, as Auth0 documents it ("Refresh Token
// Rotation", rotation overlap period).

const now = () => Math.floor(Date.now() / 1000);

export const memoryAdapter = (leeway) => {
  const stored = new Map();
  // The newest rotation of each grant.
  const rotations = new Map();

  return class Adapter {
    constructor(model) {
      this.model = model;
    }

    key(id) {
      return `${this.model}:${id}`;
    }

    async upsert(id, payload, expiresIn) {
      stored.set(this.key(id), { payload, expires: expiresIn ? now() + expiresIn : Infinity });
      if (this.model === 'RefreshToken') {
        rotations.set(payload.grantId, Math.max(rotations.get(payload.grantId) ?? 0, payload.rotations ?? 0));
      }
    }

    async find(id) {
      const entry = stored.get(this.key(id));
      if (!entry || entry.expires < now()) return undefined;
      const { payload } = entry;
      const inOverlap = payload.consumed !== undefined
        && now() - payload.consumed < leeway
        && (payload.rotations ?? 0) + 1 >= rotations.get(payload.grantId);
      return { ...payload, consumed: inOverlap ? undefined : payload.consumed };
    }

    async findByUid(uid) {
      return this.findBy('uid', uid);
    }

    async findByUserCode(userCode) {
      return this.findBy('userCode', userCode);
    }

    async findBy(property, value) {
      const ids = [...stored.keys()].filter((key) => key.startsWith(`${this.model}:`)
        && stored.get(key).payload[property] === value);
      return ids.length ? this.find(ids[0].slice(this.model.length + 1)) : undefined;
    }

    async consume(id) {
      stored.get(this.key(id)).payload.consumed = now();
    }

    async destroy(id) {
      stored.delete(this.key(id));
    }

    async revokeByGrantId(grantId) {
      for (const [key, { payload }] of stored) if (payload.grantId === grantId) stored.delete(key);
    }
  };
};
