import {
  AppError,
  Invalid,
  NotFound,
  parseServerUrl,
  reasonInWords,
  testTransport,
  Unavailable,
  type CliCommand,
  type CliInvocation,
  type Mailbox,
} from '@helpdesk/core/plugin';
import { fetchNew } from './fetching.ts';
import { readHeaders } from './header.ts';
import { explain, openImap } from './imap-connection.ts';
import { serverOf } from './imap-server.ts';
import { asRaw, fileNow, importMails } from './importing.ts';
import { mailboxFor } from './mailbox-addresses.ts';
import { addMailbox, probe, type Since } from './mailbox-setup.ts';
import { findReceiver, listReceivers, reportFailure, reportSuccess } from './receivers-repository.ts';
import { acknowledge } from './server-marks.ts';
import type { InboxContext } from './settings.ts';
import { storeMails } from './storing.ts';
import { recipientAddresses } from './threading-ids.ts';

/** The commands `mailbox` and `mail` of the command line. */
export function commands(ctx: InboxContext): readonly CliCommand[] {
  return [
    {
      name: 'mailbox add',
      summary: 'Adds a mailbox after signing in to its servers, or one that is signed in at its provider in the browser.',
      usage:
        '--address <address> --name <name> (--imap imap[s]://user:password@host:port --smtp smtp[s]://user:password@host:port | --sign-in google|microsoft|other) [--since <days>|all]',
      run: (call) => add(ctx, call),
    },
    { name: 'mailbox list', summary: 'Lists the mailboxes and how receiving goes.', usage: '', run: () => list(ctx) },
    { name: 'mailbox test', summary: 'Signs in to the servers of a mailbox.', usage: '<address>', run: (call) => test(ctx, call) },
    {
      name: 'mail import',
      summary: 'Takes in mail from a file, a folder or an mbox, without answering any.',
      usage: '<file, folder or mbox> [--mailbox <address>]',
      run: (call) => importFrom(ctx, call),
    },
    {
      name: 'mail pipe',
      summary: 'Takes in one mail from standard input.',
      usage: '[--mailbox <address>] < message',
      run: (call) => pipe(ctx, call),
    },
    { name: 'mail fetch', summary: 'Fetches new mail once.', usage: '[--mailbox <address>]', run: (call) => fetchOnce(ctx, call) },
  ];
}

async function add(ctx: InboxContext, call: CliInvocation): Promise<object> {
  const { options, actor } = call;
  if (options['sign-in'] !== undefined) return addForSignIn(ctx, call);
  const address = needed(options, 'address');
  const { protocol: _imap, ...imap } = parseServerUrl(needed(options, 'imap'), 'imap');
  const { protocol: _smtp, password: smtpPassword, ...smtp } = parseServerUrl(needed(options, 'smtp'), 'smtp');
  const since = readSince(options['since']);
  // What the operator types on this machine may point into the local network.
  await inWords(ctx, () => testTransport({ ...smtp, password: smtpPassword, isOperators: true }));
  const mailbox = await addMailbox(ctx, actor, {
    mailbox: {
      address,
      name: needed(options, 'name'),
      transport: { ...smtp, isOperators: true },
      ...(smtpPassword === undefined ? {} : { smtpPassword }),
    },
    imap: { ...imap, user: imap.user ?? null, password: imap.password, isOperators: true },
    folder: folderOf(options),
    since,
  });
  return { id: mailbox.id, address: mailbox.address, name: mailbox.name };
}

/** Adds a mailbox without a password; a person signs it in at the address that is answered, then it is read and sends. */
async function addForSignIn(ctx: InboxContext, { options, actor }: CliInvocation): Promise<object> {
  const [address, name] = [needed(options, 'address'), needed(options, 'name')];
  const wanted = needed(options, 'sign-in');
  const page = (await ctx.mail.signInPages(0)).find(({ provider }) => provider === wanted);
  if (page === undefined)
    throw new Invalid('mail.provider-not-set-up', {
      message: `The provider "${wanted}" is not set up. Enter its client ID in the settings of the desk first.`,
    });
  const server = (protocol: 'imap' | 'smtp') => {
    const known = page[protocol];
    if (known !== undefined && options[protocol] === undefined) return { ...known, user: address, isOperators: false };
    const { host, port, encryption, user = address, password } = parseServerUrl(needed(options, protocol), protocol);
    if (password !== undefined) throw usage(`With --sign-in, --${protocol} takes no password.`);
    return { host, port, encryption, user, isOperators: true };
  };
  const { id } = await addMailbox(ctx, actor, {
    mailbox: { address, name, transport: server('smtp') },
    imap: { ...server('imap'), password: undefined },
    folder: folderOf(options),
    since: readSince(options['since']),
    isSignedInLater: true,
  });
  const [signIn] = (await ctx.mail.signInPages(id)).filter(({ provider }) => provider === wanted);
  return { id, address, name, signInAt: new URL(signIn?.path ?? '', ctx.url).href };
}

function folderOf({ folder }: CliInvocation['options']): string {
  return typeof folder === 'string' ? folder : 'INBOX';
}

/** What a server answered to a sign-in, in the words that pages have for it. */
async function inWords<T>(ctx: InboxContext, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const reason = error instanceof AppError ? error.details['message'] : undefined;
    if (!(error instanceof AppError) || typeof reason !== 'string') throw error;
    const message = reasonInWords(ctx.i18n.translatorFor('en'), reason);
    throw message === reason ? error : new Unavailable(error.code, { ...error.details, message }, { cause: error });
  }
}

function readSince(value: string | true | undefined): Since {
  if (value === undefined) return 'now';
  if (value === 'all') return 'all';
  const days = Number(value);
  if (!Number.isInteger(days) || days < 1 || days > 36_500) throw usage('--since takes a number of days or "all".');
  return days;
}

async function list(ctx: InboxContext): Promise<readonly object[]> {
  const receivers = await listReceivers(ctx);
  const translator = ctx.i18n.translatorFor('en');
  return (await ctx.mail.mailboxes()).map(({ id, address, name, isActive, lastError }) => {
    const receiver = receivers.find(({ mailboxId }) => mailboxId === id);
    const error = receiver?.lastError ?? lastError;
    return {
      id,
      address,
      name,
      state: isActive ? (receiver?.state ?? 'sends only') : 'off',
      lastFetchAt: receiver?.lastFetchAt == null ? null : new Date(receiver.lastFetchAt).toISOString(),
      error: error === null ? null : reasonInWords(translator, error),
    };
  });
}

async function test(ctx: InboxContext, call: CliInvocation): Promise<object> {
  const mailbox = await chosen(ctx, call.args[0] ?? needed(call.options, 'address'));
  const receiver = await findReceiver(ctx, mailbox.id);
  const found = receiver === undefined ? undefined : await probe(await serverOf(ctx, receiver), receiver.folder);
  if (mailbox.transport !== null) await inWords(ctx, () => ctx.mail.testMailbox(mailbox.id));
  return {
    address: mailbox.address,
    receiving: found === undefined ? 'not set up' : `${found.exists} mails in the folder`,
    sending: mailbox.transport === null ? 'not set up' : 'signed in',
  };
}

async function importFrom(ctx: InboxContext, call: CliInvocation): Promise<object> {
  const [source] = call.args;
  if (source === undefined) throw usage('Name the file, folder or mbox to import.');
  const mailbox = await chosen(ctx, call.options['mailbox']);
  return importMails(ctx, mailbox.id, source, (done) => call.say(`${done} mails`));
}

async function pipe(ctx: InboxContext, call: CliInvocation): Promise<object> {
  const chunks: Buffer[] = [];
  for await (const chunk of call.stdin) chunks.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
  const raw = Buffer.concat(chunks);
  const { maxMailMegabytes } = await ctx.settings.get();
  if (raw.length === 0) throw undeliverable(exitCodes.data, 'Nothing came on standard input.');
  if (raw.length > maxMailMegabytes * 1024 * 1024) throw undeliverable(exitCodes.data, `The mail is larger than ${maxMailMegabytes} MB.`);
  const mailbox = await chosen(ctx, call.options['mailbox'] ?? (await addressedTo(ctx, raw)));
  const ids = await storeMails(ctx, mailbox.id, [asRaw('pipe', raw, ctx.clock.now())], { isQueued: false });
  const failed = await fileNow(ctx, ids);
  return { stored: ids.length, known: 1 - ids.length, waiting: failed };
}

async function addressedTo(ctx: InboxContext, raw: Buffer): Promise<string | undefined> {
  const mailboxes = await ctx.mail.mailboxes();
  return recipientAddresses(readHeaders(raw))
    .map((address) => mailboxFor(mailboxes, address)?.address)
    .find((address) => address !== undefined);
}

async function fetchOnce(ctx: InboxContext, call: CliInvocation): Promise<readonly object[]> {
  const only = typeof call.options['mailbox'] === 'string' ? (await chosen(ctx, call.options['mailbox'])).id : undefined;
  const active = new Set((await ctx.mail.mailboxes()).filter(({ isActive }) => isActive).map(({ id }) => id));
  const receivers = (await listReceivers(ctx)).filter(
    ({ mailboxId, state }) => active.has(mailboxId) && state !== 'paused' && (only === undefined || mailboxId === only),
  );
  const results: object[] = [];
  const problems: string[] = [];
  for (const { mailboxId } of receivers) {
    try {
      results.push({ mailboxId, fetched: await fetchMailbox(ctx, mailboxId) });
    } catch (error) {
      await reportFailure(ctx, mailboxId, explain(error), false);
      problems.push(reasonInWords(ctx.i18n.translatorFor('en'), explain(error)));
    }
  }
  if (problems.length > 0) throw new Invalid('email-inbox.fetch-failed', { message: problems.join(' ') });
  return results;
}

/** One pass over a mailbox in this process: fetch, file, acknowledge. Returns how many mails were new. */
async function fetchMailbox(ctx: InboxContext, mailboxId: number): Promise<number> {
  const receiver = await findReceiver(ctx, mailboxId);
  if (receiver === undefined) return 0;
  const client = await openImap(await serverOf(ctx, receiver));
  try {
    const ids: number[] = [];
    // What came before a fetch broke off is filed all the same.
    await fetchNew(ctx, client, mailboxId, { onStored: (some) => ids.push(...some), signal: ctx.signal }).finally(() => fileNow(ctx, ids));
    const now = (await findReceiver(ctx, mailboxId)) ?? receiver;
    while ((await acknowledge(ctx, client, now)) > 0) continue;
    await reportSuccess(ctx, mailboxId);
    return ids.length;
  } finally {
    client.close();
  }
}

async function chosen(ctx: InboxContext, address: string | true | undefined): Promise<Mailbox> {
  const mailboxes = await ctx.mail.mailboxes();
  if (address === undefined || address === true) {
    const [first] = mailboxes;
    if (first === undefined) throw new NotFound('mailboxes.none', { message: 'There is no mailbox yet; add one with "mailbox add".' });
    return first;
  }
  const found = mailboxes.find((one) => one.address.toLowerCase() === address.toLowerCase() || String(one.id) === address);
  if (found === undefined)
    throw new NotFound('mailboxes.not-found', { message: `There is no mailbox ${address}.`, exitCode: exitCodes.noUser });
  return found;
}

function needed(options: CliInvocation['options'], name: string): string {
  const value = options[name];
  if (typeof value !== 'string' || value === '') throw usage(`--${name} is missing.`);
  return value;
}

// sysexits.h, as mail servers read the end of a delivery program; anything else is tried again.
const exitCodes = { data: 65, noUser: 67 } as const;

function undeliverable(exitCode: number, message: string): Invalid {
  return new Invalid('email-inbox.undeliverable', { message, exitCode });
}

function usage(message: string): Invalid {
  return new Invalid('cli.usage', { message });
}
