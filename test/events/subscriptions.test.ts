import { expect } from 'chai';
import { replaceSubscriptions } from '#core/events/index.js';
import { createTestDesk, type TestDesk } from '#core/testing/index.js';

describe('the subscriptions of a plugin', () => {
  let desk: TestDesk;
  beforeEach(async () => {
    desk = await createTestDesk();
  });
  afterEach(() => desk.close());

  const subscription = (handler: string, event: string) => ({ plugin: 'tagger', handler, event });
  const replace = (wanted: readonly ReturnType<typeof subscription>[], before: () => Promise<void> = async () => undefined) =>
    desk.storage.writeTx(async (tx) => {
      await replaceSubscriptions(tx, 'tagger', wanted, desk.clock);
      await before();
    });
  const rows = async () =>
    (await desk.storage.read('subscriptions').where({ plugin: 'tagger' }).orderBy(['handler', 'event']).select('handler', 'event')).map(
      ({ handler, event }) => `${handler} ${event}`,
    );

  it('become what it declares, and those of others stay', async () => {
    const others = async () =>
      Number((await desk.storage.read('subscriptions').whereNot({ plugin: 'tagger' }).count({ n: '*' }))[0]?.['n']);
    const before = await others();
    await replace([subscription('tag', 'ticket.opened'), subscription('tag', 'ticket.replied'), subscription('count', 'ticket.opened')]);
    await replace([subscription('tag', 'ticket.opened'), subscription('count', 'ticket.replied')]);

    expect(await rows()).to.deep.equal(['count ticket.replied', 'tag ticket.opened']);
    await replace([]);
    expect(await rows()).to.deep.equal([]);
    expect(await others()).to.equal(before);
  });

  it('are there once when two processes that start declare them in the same moment', async () => {
    let commit: () => void = () => undefined;
    const mayCommit = new Promise<void>((resolve) => (commit = resolve));
    let written: () => void = () => undefined;
    const isWritten = new Promise<void>((resolve) => (written = resolve));
    const wanted = [subscription('tag', 'ticket.opened')];
    const first = replace(wanted, async () => {
      written();
      await mayCommit;
    });
    await isWritten;
    const second = replace(wanted);
    setTimeout(commit, 100);
    await Promise.all([first, second]);

    expect(await rows()).to.deep.equal(['tag ticket.opened']);
  });
});
