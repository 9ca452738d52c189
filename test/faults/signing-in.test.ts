import { expect } from 'chai';
import { createApp, readConfig } from '#core/app.js';
import { systemClock } from '#core/kernel/clock.js';
import { createLogger } from '#core/log.js';
import { saveMailbox } from '#core/mail/index.js';
import { storeTokens } from '#core/mail/oauth/accounts.js';
import { createDatabase, startDeskProcess, startOAuthServer, startSmtpSink, until } from '#core/testing/index.js';
import { openTicket, reply } from '#core/tickets/index.js';
import { createUser, systemActor } from '#core/users/index.js';
import { actorOf } from '#core/auth/index.js';

const silent = createLogger('silent', systemClock, () => undefined);
const laterMs = 120_000;

describe('a process that is killed with a rotated token in its hands', () => {
  it('O6: the next one renews with the token before, and the mail leaves', async function () {
    this.timeout(120_000);
    const handle = await createDatabase();
    const provider = await startOAuthServer({ now: () => Date.now() });
    const sink = await startSmtpSink({
      authOptional: false,
      authMethods: ['XOAUTH2'],
      onAuth: (auth, _session, done) => done(provider.isValid(auth.accessToken ?? '') ? null : new Error('Invalid token'), { user: 'x' }),
    });
    const storage = handle.open();
    const config = { ...readConfig({ HELPDESK_DATA: handle.folder }, {}, handle.folder), databaseUrl: handle.url };
    const app = await createApp({ config, clock: systemClock, log: silent, role: 'command', storage, isMigrated: true, pluginFolders: [] });
    const mailbox = await saveMailbox(app.desk, systemActor, {
      name: 'Support',
      address: 'support@desk.example',
      transport: { host: '127.0.0.1', port: sink.port, encryption: 'auto', user: 'support@desk.example', isOperators: true },
    });
    await app.desk.settings.set('mail-sign-in', {
      otherClientId: 'desk',
      otherClientSecret: 'desk-secret',
      otherAuthorizeUrl: `${provider.url}/authorize`,
      otherTokenUrl: `${provider.url}/token`,
    });
    const first = await signIn(provider.url);
    await storage.writeTx((tx) =>
      storeTokens(
        app.desk,
        tx,
        { mailboxId: mailbox.id, provider: 'other', account: mailbox.address },
        { accessToken: first.access_token, refreshToken: first.refresh_token, lifeMs: 1 },
      ),
    );
    const can = await createUser(app.desk, systemActor, { email: 'can@example.com', name: 'Can', role: 'agent' });
    const { ticket } = await openTicket(app.desk, systemActor, {
      subject: 'Printer',
      requester: { email: 'c@example.org' },
      message: { text: 'Help' },
      channel: 'email',
      mailboxId: mailbox.id,
    });
    await reply(app.desk, actorOf(can), ticket.id, { kind: 'reply', text: 'It is out.' });

    const privateHosts = ['127.0.0.1'];
    for (let round = 0; round < 3; round += 1) {
      const crashing = startDeskProcess({ database: handle, crashAt: 'mail-token-rotated', aheadMs: round * laterMs, privateHosts });
      expect(await crashing.ended).to.equal('SIGKILL');
    }
    const desk = startDeskProcess({ database: handle, aheadMs: 3 * laterMs, privateHosts });
    await until(() => sink.mails.length > 0);
    await desk.stop();

    expect(sink.mails.filter(({ raw }) => raw.includes('It is out.'))).to.have.length(1);
    expect(provider.refused).to.deep.equal([]);
    expect(provider.refreshes).to.equal(4);
    expect(await storage.read('mail_accounts').first()).to.include({ state: 'active', lease_owner: null });
    await app.stop();
    await storage.close();
    await sink.close();
    await provider.close();
    handle.remove();
  });
});

async function signIn(url: string): Promise<{ access_token: string; refresh_token: string }> {
  const redirect = 'http://desk.example/back';
  const { createHash } = await import('node:crypto');
  const challenge = createHash('sha256').update('verifier').digest('base64url');
  const agreed = await fetch(`${url}/authorize?redirect_uri=${encodeURIComponent(redirect)}&code_challenge=${challenge}`, {
    redirect: 'manual',
  });
  const code = new URL(agreed.headers.get('Location') ?? '').searchParams.get('code') ?? '';
  const body = new URLSearchParams({
    grant_type: 'authorization_code',
    code,
    code_verifier: 'verifier',
    redirect_uri: redirect,
    client_id: 'desk',
    client_secret: 'desk-secret',
  });
  const answer = await fetch(`${url}/token`, { method: 'POST', body });
  return (await answer.json()) as { access_token: string; refresh_token: string };
}
