import { NotFound, type Context, type Route } from '@helpdesk/core/plugin';
import { faces, ratingOfToken, writeAnswer, type Rating } from './ratings-repository.ts';
import type { SmileyContext } from './settings.ts';

const mostWords = 2000;

/** The page behind the link in the mail. Looking at it answers nothing: mail scanners look at every link. */
export function ratingRoutes(ctx: SmileyContext): readonly Route[] {
  return [
    {
      method: 'get',
      path: '/:token',
      public: true,
      handler: async (request) => {
        await show(ctx, request, await find(ctx, request));
      },
    },
    {
      method: 'post',
      path: '/:token',
      public: true,
      handler: async (request) => {
        const rating = await find(ctx, request);
        const form = await ctx.http.form(request);
        const face = faces.find((one) => one === form.text('face'));
        const words = form.text('words').trim().slice(0, mostWords);
        if (face === undefined) return show(ctx, request, rating, words);
        await writeAnswer(ctx, rating.ticketId, { face, words });
        request.status = 303;
        request.redirect(request.path);
      },
    },
  ];
}

async function find(ctx: SmileyContext, request: Context): Promise<Rating> {
  const rating = await ratingOfToken(ctx, request.params['token'] ?? '');
  if (rating === undefined) throw new NotFound('http.not-found');
  return rating;
}

/** `typed` are the words of a form that came without a face. */
async function show(ctx: SmileyContext, request: Context, rating: Rating, typed?: string): Promise<void> {
  const { t } = request.state.translator;
  request.set('Referrer-Policy', 'no-referrer');
  await ctx.http.page(request, {
    area: 'portal',
    template: 'satisfaction-smiley/rating',
    title: t('satisfaction-smiley.title'),
    ...(typed === undefined ? {} : { status: 422 }),
    view: {
      isAnswered: rating.ratedAt !== null,
      face: rating.face ?? undefined,
      words: typed ?? rating.words,
      isMissing: typed !== undefined,
      choices: faces.map((face) => ({ face, label: `satisfaction-smiley.face.${face}` })),
    },
  });
}
