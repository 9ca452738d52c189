import type { TestDesk } from './test-desk.ts';

const from = 'Rosa Contract <rosa@contract.example>';

/**
 * What a plugin that receives mail owes to all others, whichever way a mail comes: `mail.incoming` may shape it,
 * `mail.accept` may keep it out, `mail.received` tells of it. Returns what was left out, one sentence each.
 *
 * `receive` hands one raw mail to the plugin and returns when it is filed.
 */
export async function receiverProblems(desk: TestDesk, receive: (raw: string) => Promise<unknown>): Promise<readonly string[]> {
  const { hooks } = desk.app.desk;
  const heard: string[] = [];
  const listening = hooks.forPlugin('receiver-contract', 1000);
  listening.filter('mail.incoming', (mail) => {
    heard.push('mail.incoming');
    return { ...mail, subject: `${mail.subject} (shaped)` };
  });
  listening.decide('mail.accept', ({ mail }) => {
    heard.push('mail.accept');
    return mail.subject.startsWith('Unwanted') ? { action: 'ignore', reason: 'contract' } : undefined;
  });
  listening.on('mail.received', () => void heard.push('mail.received'));
  try {
    await receive(mailNamed('Wanted'));
    const wanted = heard.splice(0);
    await receive(mailNamed('Unwanted'));
    const subjects: string[] = await desk.storage.read('tickets').whereLike('subject', '%anted%').pluck('subject');
    return [
      ...['mail.incoming', 'mail.accept', 'mail.received']
        .filter((name) => !wanted.includes(name))
        .map((name) => `${name} was not called.`),
      ...(subjects.includes('Wanted (shaped)') ? [] : ['What mail.incoming shaped was not used.']),
      ...(subjects.some((subject) => subject.startsWith('Unwanted')) ? ['What mail.accept kept out became a ticket.'] : []),
    ];
  } finally {
    hooks.removePlugin('receiver-contract');
  }
}

function mailNamed(subject: string): string {
  const id = `${subject}.${Math.random().toString(36).slice(2)}@contract.example`;
  return [
    `From: ${from}`,
    'To: support@desk.example',
    `Subject: ${subject}`,
    `Message-ID: <${id}>`,
    'Date: Mon, 05 Jan 2026 09:00:00 +0000',
    '',
    'Hello',
    '',
  ].join('\r\n');
}
