import { expect } from 'chai';
import { until } from '#core/testing/index.js';

describe('waiting in a test', () => {
  it('ends as soon as there is something, and gives it, also when that is nothing of a number or text', async () => {
    for (const found of [{ id: 7 }, true, 0, '']) {
      const answers = [found, undefined, null, false];

      expect(await until(async () => answers.pop())).to.equal(found);
      expect(answers).to.deep.equal([]);
    }
  });

  it('ends with the error of what looks', async () => {
    const broken = until(() => {
      throw new Error('the desk is closed');
    });

    expect(await broken.catch(String)).to.equal('Error: the desk is closed');
  });
});
