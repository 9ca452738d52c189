import { definePlugin } from '@helpdesk/core/plugin';
import { readRule, tagsFor } from './rules.ts';
import { taggerSettings, type TaggerContext } from './settings.ts';

export default definePlugin({
  settings: taggerSettings,

  activate(ctx) {
    ctx.hooks.filter('ticket.draft', async (draft) => {
      const { readsMessage } = await ctx.settings.get();
      const text = readsMessage ? `${draft.subject}\n${draft.message.text ?? ''}` : draft.subject;
      const tags = tagsFor(text, (await readRules(ctx)).rules);
      return tags.length === 0 ? draft : { ...draft, tags: [...new Set([...(draft.tags ?? []), ...tags])] };
    });
    ctx.health(async () => {
      const { unread } = await readRules(ctx);
      return unread.map((line) => ({ id: 'rules', status: 'warn', text: 'auto-tagger.rule-unread', params: { line } }));
    });
    ctx.cli({
      name: 'auto-tagger try',
      summary: 'Tells which tags a text would get.',
      usage: '<text>',
      run: async ({ args }) => ({ tags: tagsFor(args.join(' '), (await readRules(ctx)).rules) }),
    });
  },
});

/** The rules of the site, and the lines that are none. */
async function readRules({ settings }: TaggerContext) {
  const lines = (await settings.get()).rules.filter((line) => line.trim() !== '');
  return {
    rules: lines.flatMap((line) => readRule(line) ?? []),
    unread: lines.filter((line) => readRule(line) === undefined),
  };
}
