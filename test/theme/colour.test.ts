import { expect } from 'chai';
import { contrastOf, oklchColour, parseColour } from '#core/theme/colour.js';
import { readTokens, resolveToken } from '#core/theme/tokens.js';

describe('colours of a theme', () => {
  // Values of CSS Color 4 and of the OKLCH picker.
  for (const [lightness, chroma, hue, rgb] of [
    [0.627955, 0.257683, 29.2339, [255, 0, 0]],
    [0.86644, 0.294827, 142.4953, [0, 255, 0]],
    [0.452014, 0.313214, 264.052, [0, 0, 255]],
    [1, 0, 0, [255, 255, 255]],
    [0.5999, 0, 0, [128, 128, 128]],
  ] as const) {
    it(`turns oklch(${lightness} ${chroma} ${hue}) into rgb(${rgb.join(' ')})`, () => {
      const { red, green, blue } = oklchColour(lightness, chroma, hue);
      expect([red, green, blue].map((part) => Math.round(part * 255))).to.deep.equal(rgb);
    });
  }

  for (const [colour, ground, contrast] of [
    ['black', 'white', 21],
    ['#767676', '#fff', 4.54],
    ['#777777', '#fff', 4.48],
    ['rgb(255 0 0)', 'white', 4],
    ['oklch(62.7955% 0.257683 29.2339)', 'white', 4],
    ['oklch(0% 0 0 / 0.5)', 'white', 3.98],
  ] as const) {
    it(`measures ${colour} on ${ground} as ${contrast}:1`, () => {
      const [one, other] = [parseColour(colour), parseColour(ground)];
      if (one === undefined || other === undefined) throw new Error('not read');
      expect(contrastOf(one, other)).to.be.closeTo(contrast, 0.006);
    });
  }

  it('does not guess at colours it cannot read', () => {
    for (const text of ['color-mix(in oklab, red, blue)', 'oklch(1 2)', '#12345', 'rgb(a b c)', ''])
      expect(parseColour(text)).to.equal(undefined);
  });

  it('follows var() and light-dark(), and takes the later value', () => {
    const css = [
      ':root { --hue: 10; --a: light-dark(oklch(1 0 var(--hue)), var(--b)); --b: var(--none, black); --c: var(--c); }',
      `@layer theme { :root { --hue: 20; /* --hue: 30; */ } .card { --hue: 40; } } :root[data-scheme='dark'] { --b: white; }`,
    ];
    const [light, dark] = [readTokens(css, 'light'), readTokens(css, 'dark')];

    expect(resolveToken(light, '--a', 'light')).to.equal('oklch(1 0 20)');
    expect(resolveToken(light, '--b', 'light')).to.equal('black');
    expect(resolveToken(dark, '--a', 'dark')).to.equal('white');
    expect(resolveToken(dark, '--c', 'dark')).to.equal(undefined);
  });
});
