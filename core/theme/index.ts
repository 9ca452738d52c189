export { checkTheme, measureLook, refuseFatal, type ThemeProblem } from './checking.ts';
export { compareTemplate, type TemplateComparison } from './comparing.ts';
export { createTheme } from './creating.ts';
export { localesOf, lookOf, stylesheetsOf, type Look } from './looks.ts';
export { mailStyleOf } from './mail-style.ts';
export { textIn, type Texts, type ThemeOption, type ThemeOptions } from './manifest.ts';
export {
  customProperties,
  defaultOf,
  fitValues,
  imagesIn,
  imageUrl,
  propertyOf,
  templateValues,
  type OptionValue,
  type OptionValues,
} from './option-values.ts';
export { issuePreview, readPreview, type PreviewGrant } from './preview-token.ts';
export { deleteDraft, findDraft, insertVersion, saveDraft, themeVersions, type ThemeVersion } from './theme-values-repository.ts';
export {
  isThemeId,
  listThemes,
  readTheme,
  readThemeIn,
  resolveFrom,
  resolveTheme,
  stampOfThemes,
  themeFolder,
  type ResolvedTheme,
  type Theme,
} from './themes.ts';
