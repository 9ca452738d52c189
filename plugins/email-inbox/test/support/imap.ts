import { ImapFlow } from 'imapflow';

/** Another mail program at the account `help` of a Dovecot on loopback, with the folder open. */
export async function withImap(port: number, work: (client: ImapFlow) => Promise<void>, folder = 'INBOX'): Promise<void> {
  const client = new ImapFlow({ host: '127.0.0.1', port, secure: false, auth: { user: 'help', pass: 'secret' }, logger: false });
  await client.connect();
  await client.mailboxOpen(folder);
  await work(client);
  await client.logout();
}

/** What each mail of the folder is marked with. */
export async function marksIn(port: number, folder: string): Promise<readonly { seen: boolean; keyword: boolean }[]> {
  let found: readonly { seen: boolean; keyword: boolean }[] = [];
  await withImap(
    port,
    async (client) => {
      if (client.mailbox !== false && client.mailbox.exists > 0)
        found = (await client.fetchAll('1:*', { flags: true })).map(({ flags }) => ({
          seen: flags?.has('\\Seen') === true,
          keyword: flags?.has('$DeskImported') === true,
        }));
    },
    folder,
  );
  return found;
}
