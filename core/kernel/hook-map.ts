/**
 * The typed maps of every hook. Features and plugins extend them by declaration merging; an
 * unknown name does not compile, and at run time fails the activation that registers it.
 */

/** Things that happened, told after commit. Payloads are ids and plain data. */
// oxlint-disable-next-line typescript/no-empty-object-type -- extended by declaration merging
export interface Actions {}

/** Values that handlers may shape before they are used: `{ value, context }`. */
// oxlint-disable-next-line typescript/no-empty-object-type -- extended by declaration merging
export interface Filters {}

/** Filters that run inside a template and therefore must answer at once: `{ value, context }`. */
// oxlint-disable-next-line typescript/no-empty-object-type -- extended by declaration merging
export interface RenderFilters {}

/** Questions that a handler may answer with a refusal: `{ input, verdict }`. */
// oxlint-disable-next-line typescript/no-empty-object-type -- extended by declaration merging
export interface Decisions {}

/** Named places in pages, with what a loader is told about the page. */
// oxlint-disable-next-line typescript/no-empty-object-type -- extended by declaration merging
export interface Slots {}

/** Typed capabilities one plugin offers and others use. */
// oxlint-disable-next-line typescript/no-empty-object-type -- extended by declaration merging
export interface Services {}
