/** One finding of the theme check; a fatal one keeps the theme from being used. */
export interface ThemeProblem {
  readonly level: 'fatal' | 'error' | 'warning' | 'recommendation';
  /** One sentence for the theme's author. */
  readonly text: string;
}
