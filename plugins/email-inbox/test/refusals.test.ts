import { createServer, type AddressInfo } from 'node:net';
import { expect } from 'chai';
import { isRefusal, openImap } from '../imap-connection.ts';

/** How openImap fails at a server that answers the sign-in with this line, or hangs up instead. */
async function failure(answer: string | undefined, { password = 'secret' }: { password?: string | undefined } = {}): Promise<unknown> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.write('* OK ready\r\n');
    socket.on('data', (data) => {
      for (const line of data.toString().split('\r\n').filter(Boolean)) {
        const [tag, command = ''] = line.split(' ');
        if (command.toUpperCase() === 'CAPABILITY') socket.write(`* CAPABILITY IMAP4rev1\r\n${tag} OK\r\n`);
        else if (command.toUpperCase() !== 'LOGIN') socket.write(`${tag} OK\r\n`);
        else if (answer === undefined) socket.destroy();
        else socket.write(`${tag} ${answer}\r\n`);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    const wanted = { host: '127.0.0.1', port, encryption: 'auto', user: 'help', password, isOperators: true } as const;
    return await openImap(wanted).then(
      (client) => client.close(),
      (error: unknown) => error,
    );
  } finally {
    server.close();
  }
}

describe('a sign-in that fails', () => {
  for (const answer of [
    'NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)',
    'NO [AUTHENTICATIONFAILED] Account temporarily locked after too many failed attempts',
    'NO LOGIN failed.',
    'NO [ALERT] Application-specific password required',
    'NO [EXPIRED] That password is no longer valid.',
  ])
    it(`is a refusal of the account: ${answer}`, async () => {
      expect(isRefusal(await failure(answer))).to.equal(true);
    });

  it('is a refusal when there is no password to send', async () => {
    expect(isRefusal(await failure('OK', { password: '' }))).to.equal(true);
  });

  for (const answer of [
    undefined,
    'BAD Command argument error',
    'NO [UNAVAILABLE] Temporary authentication failure.',
    'NO [LIMIT] Rate limit hit',
    'NO [ALERT] Too many simultaneous connections. (Failure)',
    'NO [INUSE] The mailbox is locked.',
  ])
    it(`is none, and tried again, when the server ${answer === undefined ? 'hangs up' : `says ${answer}`}`, async () => {
      const error = await failure(answer);

      expect(error).to.include({ code: answer === undefined ? 'email-inbox.closed' : 'email-inbox.connection-failed' });
      expect(isRefusal(error)).to.equal(false);
    });
});
