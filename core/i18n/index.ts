export { loadCatalog, type Catalog, type Entry } from './catalog.ts';
export { fold } from './fold.ts';
export { languageName } from './language-name.ts';
export { negotiateLocale } from './negotiate.ts';
export { isOwnReason, ownReason, reasonInWords, reasonOf, theirReason } from './reasons.ts';
export { createTranslator, fill, type Params, type TimeStyle, type Translator, type TranslatorOptions } from './translator.ts';
export { isTimeZone, timeZoneOptions } from './time-zones.ts';
export { localTimeOf, momentOf } from './local-time.ts';
