export { checkTheme, refuseFatal, type ThemeProblem } from './checking.ts';
export { createTheme } from './creating.ts';
export { findTheme, listThemes, themeFolder, type Theme } from './themes.ts';
