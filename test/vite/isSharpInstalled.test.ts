import { expect, it } from 'vitest';
import { isSharpInstalled } from '../../plugin/vite/serve.ts';

it('5: looks for sharp without importing it', () => {
  expect(isSharpInstalled()).toBe(true);
  const none = (name: string): never => {
    throw Object.assign(new Error(`Cannot find package '${name}'`), { code: 'ERR_MODULE_NOT_FOUND' });
  };
  expect(isSharpInstalled(none)).toBe(false);
});
