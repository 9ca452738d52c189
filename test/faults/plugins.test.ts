import { spawn, type ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { saveMailbox } from '#core/mail/index.js';
import { freePort, startSmtpSink, until } from '#core/testing/index.js';
import { openTicket, reply } from '#core/tickets/index.js';
import { systemActor } from '#core/users/index.js';
import { deskProcesses, type DeskProcesses } from '../plugins/desk-processes.ts';
import type { WrittenPlugin } from '../plugins/support.ts';

const command = path.resolve(import.meta.dirname, '../../../cli/bin/helpdesk.js');
const silence = 'for (;;) {}';

describe('a desk with plugins that would end it', function () {
  this.timeout(180_000);
  let desk: DeskProcesses;
  const supervised: ChildProcess[] = [];

  afterEach(async () => {
    for (const child of supervised.splice(0)) {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM');
        await new Promise((resolve) => child.once('exit', resolve));
      }
    }
    await desk.close();
  });

  const prepare = async (...plugins: readonly WrittenPlugin[]) => {
    desk = await deskProcesses(plugins);
    const changed_at = 1;
    for (const { id } of plugins) await desk.storage.writeTx((tx) => tx('plugins').where({ id }).update({ is_desired: true, changed_at }));
  };
  const row = (id: string) => desk.storage.read('plugins').where({ id }).first('state', 'last_error');

  /** `helpdesk start` with its supervisor. */
  const start = async (env: Readonly<Record<string, string>> = {}, ...args: readonly string[]) => {
    const port = await freePort();
    const child = spawn(process.execPath, [command, 'start', ...args], {
      env: {
        ...process.env,
        HELPDESK_DATA: desk.handle.folder,
        DATABASE_URL: desk.handle.url ?? '',
        PORT: String(port),
        LOG_LEVEL: 'silent',
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    supervised.push(child);
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (text += data.toString()));
    const url = `http://127.0.0.1:${port}`;
    // It answers before it has loaded its plugins; it says where it runs once it has.
    const starts = (): number => text.split('helpdesk runs at').length - 1;
    await until(() => starts() > 0);
    return { url, said: () => text, untilAgain: () => until(() => starts() > 1) };
  };

  /** What people need of a desk: a page, the sign-in, the administration. */
  const works = async (url: string) => {
    const signIn = await fetch(`${url}/sign-in`, {
      method: 'POST',
      redirect: 'manual',
      headers: { 'Sec-Fetch-Site': 'same-origin' },
      body: new URLSearchParams({ email: 'ada@example.com', password: 'ada has a password' }),
    });
    expect([(await fetch(`${url}/`)).status, signIn.status, signIn.headers.get('location')]).to.deep.equal([200, 303, '/desk']);
    for (const page of ['/desk', '/admin', '/admin/plugins', '/admin/health'])
      expect((await desk.get(url, page)).status, page).to.be.oneOf([200, 302, 303]);
  };
  const command_ = async (...args: readonly string[]) => {
    const child = spawn(process.execPath, [command, ...args, '--json'], {
      env: { ...process.env, HELPDESK_DATA: desk.handle.folder, DATABASE_URL: desk.handle.url ?? '', LOG_LEVEL: 'silent' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout.on('data', (data: Buffer) => (text += data.toString()));
    await new Promise((resolve) => child.once('close', resolve));
    return JSON.parse(text) as { state: string; error?: string; faults: readonly { hook: string; message: string; kind: string }[] };
  };

  it('pitfall 9: comes up without the one that ends the process at import, at its first start, and says which', async () => {
    await prepare({ id: 'quitter', module: 'process.exit(1);', activate: '' });
    const { url, said } = await start();

    await works(url);
    expect(said()).to.contain('The process died during the import of quitter 1.0.0. The desk starts again without it.');
    expect(await row('quitter')).to.deep.equal({
      state: 'quarantined',
      last_error: 'The process died during the import of quitter 1.0.0.',
    });
    expect(await (await desk.get(url, '/admin/plugins')).text()).to.contain('The process died during the import of quitter 1.0.0.');
    const info = await command_('plugin', 'info', 'quitter');
    expect([info.state, info.error, info.faults[0]?.hook]).to.deep.equal([
      'quarantined',
      'The process died during the import of quitter 1.0.0.',
      'import',
    ]);
  });

  it('starts without the one whose activation was the end of two processes in a row, also without a supervisor', async () => {
    await prepare({ id: 'crasher', activate: "process.kill(process.pid, 'SIGKILL'); await new Promise(() => {});" });
    expect(await desk.start().ended).to.equal('SIGKILL');
    expect(await desk.start().ended).to.equal('SIGKILL');

    const url = await desk.start().listening;

    await works(url);
    expect(await row('crasher')).to.deep.equal({
      state: 'quarantined',
      last_error: 'The process died during the activation of crasher 1.0.0.',
    });
  });

  it('blames no plugin for a process that was killed from outside while it loaded it, however often that happens with days between', async () => {
    const once =
      "import('node:fs').then(({ existsSync, rmSync }) => { if (existsSync(file)) { rmSync(file); process.kill(process.pid, 'SIGKILL'); return new Promise(() => {}); } })";
    await prepare({ id: 'bystander', activate: `const file = process.env.HELPDESK_DATA + '/power-cut'; await ${once};` });
    for (let day = 0; day < 3; day += 1) {
      writeFileSync(path.join(desk.handle.folder, 'power-cut'), '');
      expect(await desk.start().ended).to.equal('SIGKILL');

      const child = desk.start();
      await child.listening;
      expect((await row('bystander'))?.state).to.equal('active');
      await child.stop();
    }
  });

  it('starts again without the one that ends the process in a hook, and names the hook', async () => {
    await prepare({
      id: 'leaver',
      activate:
        "ctx.hooks.filter('ticket.draft', () => process.exit(0)); ctx.http.portal([{ method: 'post', path: '/', public: true, handler: () => ctx.tickets.open(ctx.actor(), { subject: 'x', requester: { email: 'x@example.org' }, message: { text: 'x' }, channel: 'web' }) }]);",
    });
    const { url, said, untilAgain } = await start();
    await desk.post(url, '/p/leaver').catch(() => undefined);
    await until(() => said().includes('was ended by leaver'));
    await untilAgain();

    await works(url);
    expect(said()).to.contain('The process was ended by leaver in ticket.draft. The desk starts again without it.');
    expect((await command_('plugin', 'info', 'leaver')).faults[0]).to.deep.include({ hook: 'ticket.draft', kind: 'exit' });
  });

  for (const [where, activate, hook] of [
    ['in a handler', `ctx.hooks.filter('ticket.draft', () => { ${silence} });`, 'ticket.draft'],
    [
      'in a handler, after it waited',
      `ctx.hooks.filter('ticket.draft', async () => { await new Promise((ok) => setTimeout(ok, 20)); ${silence} });`,
      'blocked',
    ],
    ['in a timer', `ctx.hooks.on('ticket.opened', () => void setTimeout(() => { ${silence} }, 100));`, 'blocked'],
  ] as const) {
    it(`pitfall 8: is ended and started again without the one that blocks the event loop ${where}`, async () => {
      await prepare({
        id: 'spinner',
        activate: `${activate}\nctx.http.portal([{ method: 'post', path: '/', public: true, handler: () => ctx.tickets.open(ctx.actor(), { subject: 'x', requester: { email: 'x@example.org' }, message: { text: 'x' }, channel: 'web' }) }]);`,
      });
      const { url, said, untilAgain } = await start({ HELPDESK_WATCHDOG_MS: '1500' });
      void desk.post(url, '/p/spinner').catch(() => undefined);
      await until(() => said().includes('spinner'));
      await untilAgain();

      await works(url);
      expect((await row('spinner'))?.state).to.equal('quarantined');
      const info = await command_('plugin', 'info', 'spinner');
      expect(info.error).to.contain('did nothing else for seconds while spinner');
      expect(info.faults[0]).to.deep.include({ hook, kind: 'blocked' });
    });
  }

  it('lives on through errors that nobody caught, and names who threw them', async () => {
    await prepare(
      { id: 'leaking', activate: "setInterval(() => { throw new Error('from a timer'); }, 300);" },
      { id: 'rejecting', activate: "setTimeout(() => { Promise.reject(new Error('nobody waits')); }, 300);" },
      {
        id: 'importing',
        module:
          "const { AsyncResource } = await import('node:async_hooks'); setTimeout(AsyncResource.bind(() => { throw new Error('by its file'); }), 300);",
        activate: '',
      },
    );
    const process_ = desk.start();
    const url = await process_.listening;
    await until(async () => (await desk.storage.read('plugin_faults').distinct('plugin').pluck('plugin')).length === 3);

    await works(url);
    const faults = await desk.storage.read('plugin_faults').orderBy('id').select('plugin', 'kind', 'message');
    const named = new Set(faults.map(({ plugin, kind, message }) => `${plugin} ${kind}: ${message}`));
    expect([...named].toSorted()).to.deep.equal([
      'importing uncaught: by its file',
      'leaking uncaught: from a timer',
      'rejecting uncaught: nobody waits',
    ]);
  });

  it('sends mail, signs people in and shows the administration beside plugins that throw, reject, hang and wait for ever', async () => {
    const sink = await startSmtpSink();
    try {
      const table =
        "export const up = async (tx, table) => { await tx.schema.createTable(table('naps'), (t) => { t.increments('id'); }); };";
      await prepare(
        {
          id: 'throwing',
          activate:
            "ctx.hooks.filter('mail.outgoing', () => { throw new Error('thrown'); }); ctx.ui.slot('admin.notices', { template: 'none', load: () => { throw new Error('slot'); } });",
        },
        { id: 'rejecting', activate: "ctx.hooks.filter('mail.outgoing', async () => { throw new Error('rejected'); });" },
        {
          id: 'hanging',
          activate:
            "ctx.hooks.filter('mail.outgoing', () => new Promise(() => {})); ctx.ui.slot('admin.notices', { template: 'none', load: () => new Promise(() => {}) }); ctx.hooks.decide('auth.sign-in', () => new Promise(() => {}));",
        },
        {
          id: 'holding',
          manifest: { db: { slug: 'holding', migrations: './migrations' } },
          files: { 'migrations/0001-naps.js': table },
          activate:
            "ctx.jobs.define('hold', () => ctx.db.tx(async (tx) => { await tx.table('naps').insert({}); await new Promise(() => {}); }), { everyMs: 1000 });",
        },
        { id: 'hogging', activate: "ctx.jobs.define('hog', () => new Promise(() => {}), { everyMs: 1000 });" },
      );
      const url = await desk.start().listening;
      const mailbox = await saveMailbox(desk.app.desk, systemActor, {
        name: 'Support',
        address: 'support@example.com',
        transport: { host: '127.0.0.1', port: sink.port, encryption: 'auto', isOperators: true },
      });
      for (let n = 0; n < 3; n += 1) {
        const requester = { email: `c${n}@example.org` };
        const draft = { subject: `Case ${n}`, requester, message: { text: 'Help' }, channel: 'email', mailboxId: mailbox.id } as const;
        const { ticket } = await openTicket(desk.app.desk, systemActor, draft);
        await reply(desk.app.desk, desk.ada, ticket.id, { kind: 'reply', text: `Answer ${n}` });
      }

      await works(url);
      await until(() => sink.mails.length === 3);
      await until(async () => (await desk.storage.read('plugin_faults').where({ plugin: 'holding' })).length > 0);
      const places: string[] = (await desk.storage.read('plugin_faults').select('plugin', 'hook')).map(
        (one) => `${one.plugin} ${one.hook}`,
      );
      expect(places).to.include.members([
        'throwing mail.outgoing',
        'rejecting mail.outgoing',
        'hanging mail.outgoing',
        'hanging auth.sign-in',
      ]);
      expect(places).to.include.members(['throwing slot admin.notices', 'hanging slot admin.notices', 'holding job holding.hold (db.tx)']);
    } finally {
      await sink.close();
    }
  });

  for (const [how, env, args] of [
    ['HELPDESK_SAFE=1', { HELPDESK_SAFE: '1' }, []],
    ['start --safe', {}, ['--safe']],
  ] as const) {
    it(`runs no plugin with ${how}, forgets none, and takes no job of theirs`, async () => {
      await prepare({
        id: 'eager',
        activate:
          "ctx.http.portal([{ method: 'get', path: '/', public: true, handler: (r) => { r.body = 'here'; } }]); ctx.hooks.onDurable('ticket.opened', 'note', () => {});",
      });
      const first = desk.start();
      expect((await fetch(`${await first.listening}/p/eager`)).status).to.equal(200);
      await first.stop();
      const { url } = await start(env, ...args);
      const draft = { subject: 'x', requester: { email: 'x@example.org' }, message: { text: 'x' }, channel: 'web' } as const;
      await openTicket(desk.app.desk, systemActor, draft);

      await works(url);
      expect((await fetch(`${url}/p/eager`)).status).to.equal(404);
      expect(await desk.storage.read('subscriptions').where({ plugin: 'eager' })).to.have.length(1);
      expect(await desk.storage.read('jobs').where({ plugin: 'eager' }).pluck('state')).to.deep.equal(['ready']);
      expect((await row('eager'))?.state).to.equal('active');
    });
  }
});
