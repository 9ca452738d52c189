export { guardedFetch } from './guarded-fetch.ts';
