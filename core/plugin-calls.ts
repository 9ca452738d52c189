import {
  aDuration,
  aFunction,
  anObject,
  aPath,
  aResource,
  aService,
  aText,
  aTextOrNone,
  aTransaction,
  type ArgumentCheck,
  type CheckedCalls,
  listOf,
  mapOf,
  oneOf,
  optional,
  shape,
} from './kernel/call-check.ts';
import { Invalid } from './kernel/errors.ts';
import type { SettingsSchema } from './settings/index.ts';

const hookOptions = optional(anObject);
const handler: CheckedCalls[string] = [
  ['the name of the hook', aText],
  ['its handler', aFunction],
  ['its options', hookOptions],
];
const route = shape({ method: oneOf('get', 'post', 'put', 'patch', 'delete'), path: aPath, handler: aFunction });
const routes: readonly [string, ArgumentCheck] = ['its routes', listOf('routes', route)];

const settingsSchema = mapOf(shape({ type: oneOf('string', 'integer', 'number', 'boolean', 'array') }));

/** @throws Invalid `plugins.wrong-call` with a sentence, unless this is what a plugin may define as its settings. */
export function requireSettings(plugin: string, settings: unknown): asserts settings is SettingsSchema {
  const problem = settingsSchema(settings, 'its schema');
  if (problem !== undefined)
    throw new Invalid('plugins.wrong-call', { plugin, call: 'settings', message: `${plugin}: settings in the main file ${problem}.` });
}

/** What the calls of a plugin's context must be given. */
export const pluginCalls: CheckedCalls = {
  'hooks.on': handler,
  'hooks.filter': handler,
  'hooks.filterSync': handler,
  'hooks.decide': handler,
  'hooks.onDurable': [
    ['the name of the hook', aText],
    ['the id of its handler', aText],
    ['its handler', aFunction],
  ],
  'hooks.define': [
    ['the kind of the hook', oneOf('action', 'filter', 'filterSync', 'decision')],
    ['its name', aText],
  ],
  'services.provide': [
    ['the name of the service', aText],
    ['what it offers', aService],
  ],
  'services.get': [['the name of the service', aText]],
  own: [['what is handed over', aResource]],
  'db.name': [['the name of the table', aText]],
  'db.table': [['the name of the table', aText]],
  'db.tx': [['its work', aFunction]],
  'settings.set': [['the values', anObject]],
  'settings.secret': [['the name of the setting', aText]],
  'settings.onChange': [['its listener', aFunction]],
  'secrets.get': [['the name of the secret', aText]],
  'secrets.set': [
    ['the transaction', aTransaction],
    ['the name of the secret', aText],
    ['its value', aTextOrNone],
  ],
  'secrets.delete': [
    ['the transaction', aTransaction],
    ['the name of the secret', aText],
  ],
  'http.portal': [routes, ['their address', optional(aPath)]],
  'http.desk': [routes],
  'http.admin': [routes],
  'http.api': [routes],
  'ui.slot': [
    ['the name of the slot', aText],
    ['what fills it', shape({ template: aText, load: optional(aFunction), deadlineMs: optional(aDuration) })],
  ],
  'ui.menu': [['the item', shape({ area: oneOf('portal', 'desk', 'admin'), label: aText, href: aText })]],
  'ui.helper': [
    ['the name of the helper', aText],
    ['what it does', aFunction],
  ],
  'jobs.define': [
    ['the name of the job', aText],
    ['what it does', aFunction],
    ['its options', optional(shape({ everyMs: optional(aDuration), timeoutMs: optional(aDuration) }))],
  ],
  'jobs.enqueue': [
    ['the transaction', aTransaction],
    ['the job', shape({ name: aText })],
  ],
  'events.record': [
    ['the transaction', aTransaction],
    ['the name of the event', aText],
    ['what happened', shape({ payload: anObject })],
  ],
  cli: [['the command', shape({ name: aText, summary: aText, usage: optional(aTextOrNone), run: aFunction })]],
  health: [['its check', aFunction]],
  doctor: [
    ['the id of the check', aText],
    ['its check', aFunction],
  ],
  'privacy.declare': [['its answer', shape({ export: aFunction, erase: aFunction })]],
};
