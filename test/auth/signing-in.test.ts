import { expect } from 'chai';
import { saveMailbox } from '#core/mail/index.js';
import { createTestDesk, type TestDesk } from '#core/testing/index.js';
import { actorOfToken, createApiToken, issueSetupToken, listSessions, revokeApiToken, useMagicLink } from '#core/auth/index.js';
import { systemActor } from '#core/users/index.js';

const code = (error: { code: string }): string => error.code;

describe('signing in', () => {
  let desk: TestDesk;
  beforeEach(async () => {
    desk = await createTestDesk();
  });
  afterEach(() => desk.close());

  const signIn = (email: string, password: string): Promise<Response> =>
    desk.fetch('/sign-in', { method: 'POST', body: new URLSearchParams({ email, password }) });
  const mailSetUp = () =>
    saveMailbox(desk.app.desk, systemActor, {
      name: 'Support',
      address: 'support@example.com',
      transport: { host: '127.0.0.1', port: 9, encryption: 'auto', isOperators: true },
    });
  const linkIn = async (): Promise<string> => {
    const { text } = await desk.storage.read('outbox').orderBy('id', 'desc').first('text');
    return /token=([\w-]+)/.exec(text)?.[1] ?? '';
  };

  it('leads agents to the desk and customers to their tickets', async () => {
    expect((await signIn('ada@example.com', 'ada has a password')).headers.get('location')).to.equal('/desk');
    expect((await signIn('mina@example.com', 'mina has a password')).headers.get('location')).to.equal('/tickets');
  });

  it('gives unknown people and wrong passwords the same answer', async () => {
    const [wrong, unknown] = await Promise.all([
      signIn('ada@example.com', 'nope nope nope'),
      signIn('nobody@example.com', 'nope nope nope'),
    ]);

    expect([wrong.status, unknown.status]).to.deep.equal([401, 401]);
    expect((await wrong.text()).replaceAll('ada@example.com', '')).to.equal((await unknown.text()).replaceAll('nobody@example.com', ''));
  });

  it('stops after ten tries for one address, and goes on when the window is over', async () => {
    for (let tries = 0; tries < 10; tries += 1) await signIn('can@example.com', 'guess');
    const stopped = await signIn('can@example.com', 'can has a password');
    desk.clock.advance(16 * 60_000);

    expect(stopped.status).to.equal(429);
    expect((await signIn('can@example.com', 'can has a password')).status).to.equal(303);
  });

  it('keeps its cookie to https when the public address is https, also behind a proxy', async () => {
    Object.assign(desk.app.desk.config, { url: 'https://desk.example' });
    const response = await signIn('mina@example.com', 'mina has a password');

    expect(response.headers.get('set-cookie')).to.match(/^__Host-hd_session=[^;]+;.* secure;/i);
    expect(response.headers.get('strict-transport-security')).to.be.a('string');
  });

  it('never leads to another site', async () => {
    for (const next of ['//evil.example', 'https://evil.example', '/\\evil.example']) {
      const response = await desk.fetch('/sign-in', {
        method: 'POST',
        body: new URLSearchParams({ email: 'ada@example.com', password: 'ada has a password', next }),
      });
      expect(response.headers.get('location'), next).to.equal('/desk');
    }
  });

  it('ends with the session', async () => {
    const cookie = await desk.cookie('mina');
    const before = await desk.fetch('/tickets', { headers: { cookie } });
    await desk.fetch('/sign-out', { method: 'POST', headers: { cookie } });

    expect(before.status).to.equal(200);
    expect((await desk.fetch('/tickets', { headers: { cookie } })).status).to.equal(302);
  });

  it('forgets a session after thirty days of silence', async () => {
    const cookie = await desk.cookie('mina');
    desk.clock.advance(31 * 86_400_000);

    expect((await desk.fetch('/tickets', { headers: { cookie } })).status).to.equal(302);
  });

  it('by link: a scanner that opens the page uses nothing up, and the link works once', async () => {
    await mailSetUp();
    await desk.fetch('/sign-in/link', { method: 'POST', body: new URLSearchParams({ email: 'mina@example.com' }) });
    const token = await linkIn();
    for (let scans = 0; scans < 3; scans += 1) expect((await desk.fetch(`/sign-in/link?token=${token}`)).status).to.equal(200);

    const first = await desk.fetch('/sign-in/link/use', { method: 'POST', body: new URLSearchParams({ token }) });
    const second = await desk.fetch('/sign-in/link/use', { method: 'POST', body: new URLSearchParams({ token }) });

    expect(first.headers.get('location')).to.equal('/tickets');
    expect(second.status).to.equal(401);
  });

  it('by link: two uses at the same moment sign in once', async () => {
    await mailSetUp();
    await desk.fetch('/sign-in/link', { method: 'POST', body: new URLSearchParams({ email: 'mina@example.com' }) });
    const token = await linkIn();

    const outcomes = await Promise.allSettled([useMagicLink(desk.app.desk, token), useMagicLink(desk.app.desk, token)]);

    expect(outcomes.map(({ status }) => status).toSorted()).to.deep.equal(['fulfilled', 'rejected']);
  });

  it('by link: an unknown address becomes a customer when the link is used, not before', async () => {
    await mailSetUp();
    await desk.fetch('/sign-in/link', { method: 'POST', body: new URLSearchParams({ email: 'New.Person@Example.org' }) });
    expect(await desk.storage.read('user_emails').where({ email_key: 'new.person@example.org' })).to.deep.equal([]);

    await desk.fetch('/sign-in/link/use', { method: 'POST', body: new URLSearchParams({ token: await linkIn() }) });

    expect(await desk.storage.read('user_emails').where({ email_key: 'new.person@example.org' })).to.have.length(1);
  });

  it('by link: asks plugins as by password', async () => {
    await mailSetUp();
    const asked: string[] = [];
    desk.app.desk.hooks.forPlugin('core', 0).decide('auth.sign-in', ({ method }) => {
      asked.push(method);
      return { reason: 'Closed for today.' };
    });
    await desk.fetch('/sign-in/link', { method: 'POST', body: new URLSearchParams({ email: 'mina@example.com' }) });

    const refused = await desk.fetch('/sign-in/link/use', { method: 'POST', body: new URLSearchParams({ token: await linkIn() }) });

    expect([refused.status, refused.headers.get('set-cookie')?.includes('hd_session') ?? false]).to.deep.equal([403, false]);
    expect(asked).to.deep.equal(['link']);
  });

  it('by link: mails nothing to what is not one plain address', async () => {
    await mailSetUp();
    for (const email of ['mina,eve@evil.example', 'Mina<eve@evil.example>', 'a(b)@evil.example'])
      expect((await desk.fetch('/sign-in/link', { method: 'POST', body: new URLSearchParams({ email }) })).status, email).to.equal(422);

    expect(await desk.storage.read('outbox')).to.deep.equal([]);
  });

  it('with a new password ends every session of the person', async () => {
    await mailSetUp();
    const cookie = await desk.cookie('can');
    await desk.fetch('/sign-in/reset', { method: 'POST', body: new URLSearchParams({ email: 'can@example.com' }) });
    const token = await linkIn();
    const short = await desk.fetch('/reset', { method: 'POST', body: new URLSearchParams({ token, password: 'short' }) });
    const done = await desk.fetch('/reset', { method: 'POST', body: new URLSearchParams({ token, password: 'a much longer one' }) });

    expect([short.status, done.status]).to.deep.equal([422, 303]);
    // The mail alone signs nobody in.
    expect([done.headers.get('location'), done.headers.get('set-cookie')?.includes('hd_session')]).to.deep.equal(['/sign-in', false]);
    expect((await desk.fetch('/admin', { headers: { cookie } })).status).to.equal(302);
    expect((await signIn('can@example.com', 'a much longer one')).status).to.equal(303);
  });

  it('has a set-up link only while nobody administers the desk', async () => {
    expect(await issueSetupToken(desk.app.desk)).to.equal(undefined);
    await desk.storage.writeTx((tx) => tx('users').where({ id: desk.people.ada.id }).update({ is_active: false }));
    const token = await issueSetupToken(desk.app.desk);
    const form = {
      token: token ?? '',
      siteName: 'Blue Shop',
      name: 'Eve',
      email: 'eve@example.com',
      password: 'eve has a password',
      locale: 'tr',
      timeZone: 'Europe/Istanbul',
    };
    const mistyped = await desk.fetch('/setup', { method: 'POST', body: new URLSearchParams({ ...form, email: 'mina@example.com' }) });
    const made = await desk.fetch('/setup', { method: 'POST', body: new URLSearchParams(form) });
    const again = await desk.fetch('/setup', { method: 'POST', body: new URLSearchParams({ ...form, email: 'mallory@example.com' }) });

    expect(mistyped.status).to.equal(409);
    expect([made.status, made.headers.get('location')]).to.deep.equal([303, '/desk']);
    expect(again.status).to.equal(409);
    expect(await desk.app.desk.settings.get('site')).to.include({ name: 'Blue Shop', timeZone: 'Europe/Istanbul' });
  });

  it('shows where one is signed in', async () => {
    await desk.cookie('can');
    await desk.cookie('can');

    expect(await listSessions(desk.app.desk, desk.people.can.id)).to.have.length(2);
  });
});

describe('API tokens', () => {
  let desk: TestDesk;
  beforeEach(async () => {
    desk = await createTestDesk();
  });
  afterEach(() => desk.close());

  it('act as their person within their scopes, until revoked', async () => {
    const { token, id } = await createApiToken(desk.app.desk, desk.actor('can'), {
      userId: desk.people.can.id,
      name: 'till',
      scopes: ['tickets.view'],
    });
    const actor = await actorOfToken(desk.app.desk, token);
    expect(actor.userId).to.equal(desk.people.can.id);
    expect([...(actor.scopes ?? [])]).to.deep.equal(['tickets.view']);

    await revokeApiToken(desk.app.desk, desk.actor('can'), id);

    expect(await actorOfToken(desk.app.desk, token).catch(code)).to.equal('auth.token-invalid');
  });

  it('are stored as hashes only', async () => {
    const token = await desk.token('can');

    expect(JSON.stringify(await desk.storage.read('api_tokens'))).to.not.contain(token);
  });

  it('cannot be made for others without the right', async () => {
    expect(
      await createApiToken(desk.app.desk, desk.actor('can'), { userId: desk.people.ada.id, name: 'x', scopes: ['*'] }).catch(code),
    ).to.equal('auth.forbidden');
  });
});

describe('a request from another site', () => {
  let desk: TestDesk;
  beforeEach(async () => {
    desk = await createTestDesk();
  });
  afterEach(() => desk.close());

  const post = async (headers: Readonly<Record<string, string>>): Promise<number> =>
    (
      await fetch(`${await desk.url()}/tickets`, {
        method: 'POST',
        redirect: 'manual',
        headers: { cookie: await desk.cookie('mina'), ...headers },
        body: new URLSearchParams({ subject: 'x', body: 'y' }),
      })
    ).status;

  it('changes nothing', async () => {
    expect(await post({ 'Sec-Fetch-Site': 'cross-site' })).to.equal(403);
    expect(await post({ 'Sec-Fetch-Site': 'same-site' })).to.equal(403);
    expect(await post({ Origin: 'https://evil.example' })).to.equal(403);
    expect(await post({})).to.equal(403);
    expect(await desk.storage.read('tickets')).to.deep.equal([]);
    expect(await post({ Origin: 'http://desk.example' })).to.equal(303);
  });
});
