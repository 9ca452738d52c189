import { rmSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { createTestDesk, type TestDesk } from '#core/testing/index.js';
import { writeTheme } from '../theme/support.ts';

describe('following what other processes change', () => {
  let desk: TestDesk;
  let other: TestDesk;
  beforeEach(async () => {
    desk = await createTestDesk();
    other = await createTestDesk({ beside: desk });
  });
  afterEach(async () => {
    await other.close();
    await desk.close();
  });
  const siteName = async ({ app }: TestDesk) => (await app.desk.settings.get('site'))['name'];

  it('takes one query while nothing changed, and none for settings that are kept', async () => {
    // A command looks only when it is asked to; a desk that runs does so each second besides.
    const command = await createTestDesk({ beside: desk, role: 'command' });
    await siteName(command);
    const seen: string[] = [];
    command.storage.read.on('query', ({ sql }: { readonly sql: string }): void => void seen.push(sql));

    for (let look = 0; look < 5; look += 1) {
      await command.app.follow();
      await siteName(command);
    }
    await command.close();

    // Each process also says every few seconds that it lives.
    const asked = seen.filter((sql) => !sql.includes('processes') && !/^(begin|commit)/i.test(sql));
    expect(asked.filter((sql) => !sql.includes('kernel_state'))).to.deep.equal([]);
    expect(asked).to.have.length(5);
  });

  it('sees settings at the next look, and those of the site in the same breath as the theme they name', async () => {
    writeTheme(desk, 'other', {});
    await siteName(desk);
    await other.app.activateTheme('other');
    await other.app.desk.settings.set('site', { name: 'Renamed' });

    await desk.app.follow();

    expect([await siteName(desk), desk.app.theming.look.theme.id]).to.deep.equal(['Renamed', 'other']);
  });

  it('hears that a secret was stored and that it was deleted', async () => {
    let told = 0;
    await desk.app.follow();
    desk.app.desk.settings.onChange('mail', () => (told += 1));
    await other.storage.writeTx((tx) => other.app.desk.secrets.set(tx, 'mail', 'key', 'word'));
    await desk.app.follow();
    const afterStoring = told;
    await other.storage.writeTx((tx) => other.app.desk.secrets.delete(tx, 'mail', 'key'));
    await desk.app.follow();

    expect([afterStoring, told]).to.deep.equal([1, 2]);
  });

  it('sees a theme whose files were changed, taken away and put back', async () => {
    const folder = writeTheme(desk, 'paper', {});
    await desk.app.activateTheme('paper');
    const looks: string[] = [];
    const look = async (): Promise<void> => {
      await desk.app.follow();
      looks.push(`${desk.app.theming.look.theme.id} ${desk.app.theming.look.theme.version}`);
    };
    writeTheme(desk, 'paper', { 'theme.json': { title: 'paper', version: '1.0.1' } });
    await look();
    rmSync(path.join(folder, 'theme.json'));
    await look();
    writeTheme(desk, 'paper', {});
    await look();

    expect(looks).to.deep.equal(['paper 1.0.1', 'none 0.0.0', 'paper 1.0.0']);
  });
});
