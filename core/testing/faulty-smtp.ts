import { createServer, type Socket } from 'node:net';

/** Where in the talk something goes wrong. `answer` is the reply to the finished mail. */
export type SmtpMoment = 'greeting' | 'EHLO' | 'MAIL' | 'RCPT' | 'DATA' | 'content' | 'answer';

export interface Fault {
  /** Replies with this instead of what should be said. */
  readonly reply?: { readonly at: SmtpMoment; readonly text: string } | undefined;
  /** Ends the connection here; at `answer` the mail was taken in whole and nothing is said. */
  readonly dropAt?: SmtpMoment | undefined;
  /** Ends the connection after the reply to the finished mail. */
  readonly dropsAfterAnswer?: boolean | undefined;
  /** Milliseconds between two bytes of what the server says. */
  readonly msPerByte?: number | undefined;
}

/** An SMTP server on loopback that misbehaves as told; a fault may change between mails. */
export interface FaultySmtp {
  readonly port: number;
  fault: Fault;
  /** Mails that were taken in whole, accepted or not. */
  readonly mails: string[];
  /** Most connections that were open at one time. */
  readonly peak: number;
  close(): Promise<void>;
}

/** Starts it. Speaks just enough of RFC 5321, over a plain socket, so that each byte is in the test's hands. */
export async function startFaultySmtp(): Promise<FaultySmtp> {
  const sockets = new Set<Socket>();
  const state = { fault: {} as Fault, mails: [] as string[], peak: 0, port: 0 };
  const server = createServer((socket) => {
    sockets.add(socket);
    state.peak = Math.max(state.peak, sockets.size);
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
    talk(socket, state);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  state.port = typeof address === 'object' && address !== null ? address.port : 0;
  return Object.assign(state, {
    close: () =>
      new Promise<void>((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  });
}

function talk(socket: Socket, state: { readonly fault: Fault; readonly mails: string[] }): void {
  let [buffer, isContent] = ['', false];
  const say = async (moment: SmtpMoment, usual: string): Promise<void> => {
    const { reply, dropAt, msPerByte } = state.fault;
    if (dropAt === moment) return void socket.destroy();
    const text = `${reply?.at === moment ? reply.text : usual}\r\n`;
    if (msPerByte === undefined) return void socket.write(text);
    for (const byte of text) {
      await new Promise((resolve) => setTimeout(resolve, msPerByte));
      if (socket.destroyed) return;
      socket.write(byte);
    }
  };
  const command = async (line: string): Promise<void> => {
    if (/^EHLO/i.test(line)) return say('EHLO', '250 faulty.example');
    if (/^MAIL/i.test(line)) return say('MAIL', '250 2.1.0 Ok');
    if (/^RCPT/i.test(line)) return say('RCPT', '250 2.1.5 Ok');
    if (/^DATA/i.test(line)) {
      isContent = state.fault.reply?.at !== 'DATA';
      return say('DATA', '354 Go on');
    }
    if (/^QUIT/i.test(line)) return void socket.end('221 Bye\r\n');
    socket.write('250 Ok\r\n');
  };
  const content = async (): Promise<boolean> => {
    if (state.fault.dropAt === 'content') {
      socket.destroy();
      return false;
    }
    const end = buffer.indexOf('\r\n.\r\n');
    if (end < 0) return false;
    state.mails.push(buffer.slice(0, end));
    buffer = buffer.slice(end + 5);
    isContent = false;
    await say('answer', '250 2.0.0 Taken');
    if (state.fault.dropsAfterAnswer === true) socket.end();
    return true;
  };
  const read = async (): Promise<void> => {
    for (;;) {
      if (isContent) {
        if (!(await content())) return;
        continue;
      }
      const end = buffer.indexOf('\r\n');
      if (end < 0) return;
      const line = buffer.slice(0, end);
      buffer = buffer.slice(end + 2);
      await command(line);
    }
  };
  let reading: Promise<void> = say('greeting', '220 faulty.example');
  socket.on('data', (chunk: Buffer) => {
    buffer += chunk.toString('latin1');
    reading = reading.then(read);
  });
}
