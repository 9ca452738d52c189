import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

export interface SinkMail {
  readonly raw: Buffer;
  readonly from: string;
  readonly to: readonly string[];
}

export interface SmtpSink {
  readonly port: number;
  readonly mails: SinkMail[];
  /** When set, answers a finished mail with this error instead of accepting it. */
  refuseWith: { readonly code: number; readonly message: string } | undefined;
  close(): Promise<void>;
}

/** A real SMTP server on loopback that keeps what it accepts. */
export async function startSmtpSink(options: SMTPServerOptions = {}): Promise<SmtpSink> {
  const mails: SinkMail[] = [];
  const sink: SmtpSink = {
    port: 0,
    mails,
    refuseWith: undefined,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onAuth: (auth, _session, done) => done(null, { user: auth.username ?? 'user' }),
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        if (sink.refuseWith !== undefined) {
          done(Object.assign(new Error(sink.refuseWith.message), { responseCode: sink.refuseWith.code }));
          return;
        }
        const from = session.envelope.mailFrom;
        mails.push({
          raw: Buffer.concat(chunks),
          from: from === false ? '' : from.address,
          to: session.envelope.rcptTo.map(({ address }) => address),
        });
        done(null);
      });
    },
    ...options,
  });
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.server.address();
  return Object.assign(sink, { port: typeof address === 'object' && address !== null ? address.port : 0 });
}
