import { expect } from 'chai';
import { createTestDesk, type TestDesk } from '#core/testing/index.js';
import { assign, editTicket, reply, saveDraft } from '#core/tickets/index.js';
import { minaWrites, visitor, type Visitor } from './support.js';

const most = 8;
// Settings and statuses are read at most every two seconds, the generation once a second in the background.
const kept = /from [`"](settings|scoped_settings|secrets|ticket_statuses|kernel_state|processes)[`"]/;

describe('the queries of the desk', () => {
  for (const size of [5, 200]) {
    describe(`with ${size} tickets and messages`, () => {
      let desk: TestDesk;
      let can: Visitor;
      let number: number;

      before(async function () {
        this.timeout(120_000);
        desk = await createTestDesk();
        can = await visitor(desk, 'can');
        for (let index = 0; index < size; index += 1) {
          const ticket = await minaWrites(desk, `Ticket ${index}`);
          await editTicket(desk.app.desk, desk.actor('can'), ticket.id, {
            tags: ['delivery', `tag ${index % 20}`],
            assigneeId: index % 2 === 0 ? desk.people.can.id : null,
          });
          number = ticket.number;
        }
        const last = await desk.storage.read('tickets').where({ number }).first('id');
        for (let index = 0; index < size; index += 1) {
          const fileId = await desk
            .as('mina')
            .upload({ name: `${index}.txt`, contentType: 'text/plain', content: new TextEncoder().encode(`${index}`) });
          await reply(desk.app.desk, desk.actor(index % 2 === 0 ? 'mina' : 'can'), last.id, {
            kind: 'reply',
            text: `Message ${index}`,
            ...(index % 2 === 0 && {
              html: `<p>Message ${index}</p><img src="https://pictures.example/${index}.png">`,
              attachments: [{ fileId }],
            }),
          });
        }
        const half = await desk
          .as('can')
          .upload({ name: 'half.txt', contentType: 'text/plain', content: new TextEncoder().encode('half') });
        for (const kind of ['reply', 'note'] as const)
          await saveDraft(desk.app.desk, desk.actor('can'), last.id, { kind, text: 'Half a sentence', files: [half] });
        await assign(desk.app.desk, desk.actor('ada'), last.id, desk.people.can.id);
      });
      after(() => desk.close());

      async function countQueries(path: string): Promise<{ readonly queries: readonly string[]; readonly status: number }> {
        await can.get(path);
        const queries: string[] = [];
        const note = ({ sql }: { readonly sql: string }): void => {
          if (!kept.test(sql)) queries.push(sql);
        };
        desk.storage.read.on('query', note);
        const { status } = await can.get(path);
        desk.storage.read.removeListener('query', note);
        return { queries, status };
      }

      for (const path of ['/desk/inbox/open', '/desk/inbox/mine', '/desk/inbox/all?q=tag:delivery', '/desk/inbox/open?q=ticket']) {
        it(`stay at ${most} or fewer on ${path}`, async () => {
          const { queries, status } = await countQueries(path);

          expect(status).to.equal(200);
          expect(queries.length, queries.join('\n')).to.be.within(1, most);
        });
      }

      it(`stay at ${most} or fewer on a ticket, alone and beside its list`, async () => {
        for (const path of [`/desk/tickets/${number}`, `/desk/tickets/${number}?view=open`, `/desk/tickets/${number}?messages=1000`]) {
          const { queries, status } = await countQueries(path);

          expect(status).to.equal(200);
          expect(queries.length, `${path}\n${queries.join('\n')}`).to.be.within(1, most);
        }
      });
    });
  }
});
