import type { Desk } from '../desk.ts';
import type { SlotName } from '../kernel/slots.ts';
import { printSlot } from '../kernel/slots.ts';
import { currentScope } from '../kernel/scope.ts';
import type { FaultSink } from '../kernel/hook-types.ts';
import type { Snapshot } from '../kernel/snapshot.ts';
import { snapshotOf } from '../kernel/router-dispatch.ts';
import { languageName } from '../i18n/index.ts';
import { NotFound } from '../kernel/errors.ts';
import type { Theming } from '../theming.ts';
import { isAllowed } from '../users/index.ts';
import { unreadNotifications } from '../notifications/index.ts';
import type { LinkView, RequestView, Sentence, SlotContent } from '../ui/types.ts';
import { adminNavigation } from './admin-navigation.ts';
import { takeFlash } from './cookies.ts';
import { problemText, type Problem } from './errors.ts';
import type { TemplateVariables } from '../kernel/templates.ts';
import { lookView, variablesOf } from './look-view.ts';
import type { Context } from './request-state.ts';

export type Area = 'desk' | 'admin' | 'portal' | 'auth';

export interface Page {
  readonly area: Area;
  readonly template: string;
  readonly view: object;
  /** Text of the title; the site's name is added. */
  readonly title: string;
  /** What the area's layout needs beside it. */
  readonly layout?: object | undefined;
  /** Named places of the page, with what their loaders are told. */
  readonly slots?: { readonly names: readonly SlotName[]; readonly input: unknown } | undefined;
  readonly status?: number | undefined;
}

export interface PluginPage {
  readonly area: 'desk' | 'admin' | 'portal';
  /** Template of the plugin, such as `kb/article`. */
  readonly template: string;
  readonly view: object;
  readonly title: string;
  readonly status?: number | undefined;
}

export interface PagesDeps {
  readonly desk: Desk;
  readonly snapshot: () => Snapshot;
  readonly onFault: FaultSink;
  readonly theming: Theming;
}

/** Slots with one place for each thing of a list, filled from one loader call. */
const listSlots: ReadonlySet<string> = new Set(['ticket.message']);

/** Renders pages: gathers what every page shows, runs the slots of the page in parallel, prints. */
export class Pages {
  private readonly deps: PagesDeps;

  constructor(deps: PagesDeps) {
    this.deps = deps;
  }

  async render(ctx: Context, page: Page): Promise<void> {
    const request = await this.requestView(ctx, page.slots);
    const links = this.menu(ctx, page.area);
    const layout = { ...this.layoutDefaults(ctx, page.area, links), ...page.layout };
    ctx.status = page.status ?? (ctx.status === 404 ? 200 : ctx.status);
    ctx.type = 'html';
    ctx.vary('HX-Request');
    const view = { ...layout, ...page.view, pageTitle: page.title, request };
    ctx.body = measured(() => this.templates(ctx).renderPage(`ui/layouts/${page.area}`, page.template, view, this.variables(ctx)));
  }

  /** A part of a page, as htmx asks for it. */
  async fragment(ctx: Context, template: string, view: object, slots?: Page['slots']): Promise<void> {
    const request = await this.requestView(ctx, slots);
    ctx.status = ctx.status === 404 ? 200 : ctx.status;
    ctx.type = 'html';
    ctx.vary('HX-Request');
    ctx.body = measured(() => this.templates(ctx).render(template, { ...view, request }, this.variables(ctx)));
  }

  /** A page of a plugin inside the layout of its area. */
  async plugin(ctx: Context, page: PluginPage): Promise<void> {
    await this.render(ctx, { ...page, layout: { place: 'plugin', framed: false, current: 'plugin', since: ctx.state.newestEventId } });
  }

  /** The page for an error; a signed-out reader of desk or admin is led to the sign-in. */
  async error(ctx: Context, problem: Problem): Promise<void> {
    const area = ctx.path.startsWith('/admin') ? 'admin' : ctx.path.startsWith('/desk') ? 'desk' : 'portal';
    if (problem.status === 401 && ctx.method === 'GET' && problem.code === 'auth.sign-in-needed') {
      ctx.redirect(`/sign-in?next=${encodeURIComponent(ctx.url)}`);
      return;
    }
    const translator = ctx.state.translator ?? this.deps.desk.translatorFor(null);
    const known = [403, 404, 409, 422, 429, 500, 503].includes(problem.status)
      ? problem.status
      : problem.status === 401
        ? 403
        : problem.status < 500
          ? 422
          : 500;
    const text = problemText(translator, problem);
    await this.render(ctx, {
      area: 'auth',
      template: 'auth/error',
      title: text,
      status: problem.status,
      view: {
        status: known,
        area,
        ...(text === '' ? {} : { message: text }),
        requestId: ctx.state.requestId,
        retryAfterSeconds: problem.details['retryAfter'],
        backUrl: area === 'portal' ? '/' : `/${area}`,
        ...(ctx.state.user === undefined ? { signInUrl: `/sign-in?next=${encodeURIComponent(ctx.path)}` } : {}),
      },
    });
  }

  /** One part of a page that a late plugin fills: the browser asks for it by itself. */
  async lateSlot(ctx: Context, slot: SlotName, plugin: string, input: unknown): Promise<void> {
    const view = await this.requestView(ctx, { names: [slot], input });
    const content = view.slots?.[slot]?.find((one) => one.pluginId === plugin);
    if (content === undefined) throw new NotFound('http.not-found');
    ctx.type = 'html';
    ctx.body = content.html;
  }

  private templates(ctx: Context) {
    if (ctx.state.preview !== undefined) return ctx.state.preview.templates;
    const { templates } = snapshotOf(ctx, this.deps.snapshot);
    if (templates === undefined) throw new Error('This snapshot was built without templates.');
    return templates;
  }

  private async requestView(ctx: Context, slots?: Page['slots']): Promise<RequestView> {
    const { desk } = this.deps;
    const { user, actor, translator } = ctx.state;
    const site = await desk.settings.get('site');
    const flash = takeFlash(ctx);
    const isAgent = user?.role.kind === 'agent';
    const request: RequestView = {
      locale: ctx.state.locale,
      timeZone: ctx.state.timeZone,
      dir: translator.dir,
      colorScheme: ctx.state.preview?.scheme ?? user?.colorScheme ?? 'system',
      path: ctx.path,
      query: Object.fromEntries(new URLSearchParams(ctx.querystring)),
      now: desk.clock.now(),
      partial: ctx.get('HX-Request') === 'true',
      ...(user === undefined
        ? {}
        : {
            user: {
              id: String(user.id),
              name: user.name,
              email: user.email ?? '',
              role: user.role.key === 'admin' ? ('admin' as const) : user.role.kind,
              unreadNotifications: isAgent ? await unreadNotifications(desk.storage.read, user.id) : 0,
              singleKeyShortcuts: user.preferences.singleKeyShortcuts !== false,
              undoSeconds: user.preferences.undoSeconds ?? Number((await desk.settings.get('tickets'))['undoSeconds']),
            },
          }),
      permissions: actor === undefined ? new Set() : permissionsOf(actor),
      site: {
        name: String(site['name']),
        locales: desk.locales().map((value) => ({ value, label: languageName(value), selected: value === ctx.state.locale })),
        warnings: this.warnings(ctx),
      },
      flash:
        flash === undefined
          ? []
          : [
              {
                kind: flash.kind,
                text: sentence(flash.key, flash.params),
                ...(flash.undoUrl === undefined ? {} : { undo: { url: flash.undoUrl, until: flash.undoUntil } }),
              },
            ],
      translator,
    };
    if (slots === undefined) return request;
    return { ...request, slots: await this.fillSlots(ctx, request, slots) };
  }

  /** What an administrator of plugins must know on every page. */
  private warnings(ctx: Context): readonly Sentence[] {
    const { actor, skip } = ctx.state;
    if (actor === undefined || !isAllowed(actor, 'plugins.manage')) return [];
    const { quarantined } = snapshotOf(ctx, this.deps.snapshot);
    const safe =
      skip === undefined
        ? []
        : [
            skip === 'all'
              ? { key: 'notice.safe-session.all' }
              : { key: 'notice.safe-session.some', params: { plugins: [...skip].join(', ') } },
          ];
    return [...safe, ...quarantined.map((plugin) => ({ key: 'notice.quarantined', params: { plugin } }))];
  }

  private async fillSlots(
    ctx: Context,
    request: RequestView,
    slots: NonNullable<Page['slots']>,
  ): Promise<Readonly<Record<string, readonly SlotContent[]>>> {
    const { actor } = ctx.state;
    const snapshot = snapshotOf(ctx, this.deps.snapshot);
    const loaded = await snapshot.slots.loadSlots(slots.names, slots.input, {
      may: (permission) => actor !== undefined && isAllowed(actor, permission),
    });
    const lazyUrl = (slot: string, plugin: string): string =>
      `/slots/${encodeURIComponent(slot)}/${encodeURIComponent(plugin)}?input=${encodeURIComponent(JSON.stringify(slots.input))}`;
    return Object.fromEntries(
      Object.entries(loaded).map(([name, parts]) => [
        name,
        parts.map((part): SlotContent => {
          const print = (data: object): string =>
            printSlot([{ ...part, data }], {
              ready: (one) => this.templates(ctx).render(one.template, { ...one.data, request }, this.variables(ctx)),
              placeholder: () => '',
              onFault: this.deps.onFault,
            });
          if (listSlots.has(name)) {
            const found = Object.entries((part.data as { readonly items?: Readonly<Record<string, object>> }).items ?? {});
            return { pluginId: part.plugin, html: '', items: Object.fromEntries(found.map(([id, data]) => [id, print(data)])) };
          }
          const html = print(part.data);
          return { pluginId: part.plugin, html, ...(part.state === 'late' ? { lazyUrl: lazyUrl(name, part.plugin) } : {}) };
        }),
      ]),
    );
  }

  private variables(ctx: Context): TemplateVariables {
    return variablesOf(ctx, this.deps.theming.of(snapshotOf(ctx, this.deps.snapshot)).look);
  }

  private menu(ctx: Context, area: Area): readonly LinkView[] {
    const { actor } = ctx.state;
    return snapshotOf(ctx, this.deps.snapshot)
      .all('menu')
      .filter(
        ({ value }) =>
          value.area === area && (value.permission === undefined || (actor !== undefined && isAllowed(actor, value.permission))),
      )
      .map(({ value }) => ({
        href: value.href,
        label: { key: value.label },
        icon: value.icon,
        current: ctx.path === value.href || ctx.path.startsWith(`${value.href}/`),
      }));
  }

  private layoutDefaults(ctx: Context, area: Area, links: readonly LinkView[]): object {
    if (area === 'desk') return { place: 'inbox', places: links, framed: false };
    if (area === 'admin') return { navGroups: adminNavigation(ctx), pluginLinks: links };
    return { links, footerLinks: [], theme: lookView(ctx, this.deps.theming, snapshotOf(ctx, this.deps.snapshot)) };
  }
}

function measured(render: () => string): string {
  const beganAt = performance.now();
  const html = render();
  const { meter } = currentScope();
  if (meter !== undefined) meter.renderMs += performance.now() - beganAt;
  return html;
}

function sentence(key: string, params: Sentence['params']): Sentence {
  return params === undefined ? { key } : { key, params };
}

// What templates ask with `{{can}}`: the permissions, and which areas the person may open at all.
function permissionsOf(actor: NonNullable<Context['state']['actor']>): ReadonlySet<string> {
  const held = new Set(actor.permissions);
  const isAdministrative = ['people.manage', 'settings.manage', 'plugins.manage', 'system.view'].some((permission) =>
    isAllowed(actor, permission),
  );
  if (isAdministrative) held.add('admin.open');
  if (actor.role === 'agent') held.add('desk.open');
  return new Proxy(held, {
    get: (target, key) =>
      key === 'has' ? (permission: string) => target.has('*') || target.has(permission) : Reflect.get(target, key, target),
  });
}
