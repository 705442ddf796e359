import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';

/** Who may import whom. A folder may always import itself, and nobody imports a root. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  vendor: [],
  context: ['vendor'],
  event: ['context', 'vendor'],
  capture: ['context', 'event', 'vendor'],
  clients: ['context'],
  export: ['event', 'vendor'],
};

/** Packages that may be loaded at run time, and where; types of any package may be imported anywhere. */
const MAY_LOAD: Readonly<Record<string, RegExp>> = {
  vendor: /^@opentelemetry\//,
};

interface Import {
  readonly specifier: string;
  readonly isType: boolean;
}

function importsOf(file: string): Import[] {
  const source = readFileSync(path.join('src', file), 'utf8');
  return [...source.matchAll(/^(?:import|export)\s+(type\s)?[^;]*?from\s+'([^']+)'/gm)].map(
    ([, type, specifier = '']) => ({
      specifier,
      isType: type !== undefined,
    }),
  );
}

const folderOf = (file: string): string => (file.includes('/') ? file.slice(0, file.indexOf('/')) : 'root');

const files = globSync('**/*.ts', { cwd: 'src' });

describe('the house', () => {
  for (const file of files) {
    const folder = folderOf(file);

    it(`src/${file} imports from us only what ${folder} may see`, () => {
      if (folder === 'root') return;
      const seen = importsOf(file)
        .filter(({ specifier }) => specifier.startsWith('.'))
        .map(({ specifier }) => folderOf(path.join(path.dirname(file), specifier)))
        .filter((target) => target !== folder);
      assert.deepEqual(
        seen.filter((target) => !MAY_IMPORT[folder]?.includes(target)),
        [],
      );
    });

    it(`src/${file} loads only what ${folder} may load`, () => {
      const loaded = importsOf(file).filter(
        ({ specifier, isType }) => !isType && !specifier.startsWith('.') && !specifier.startsWith('node:'),
      );
      assert.deepEqual(
        loaded.filter(({ specifier }) => !MAY_LOAD[folder]?.test(specifier)),
        [],
      );
    });
  }

  it('lets what decides import nothing', () => {
    for (const file of ['event/event.ts', 'event/secrets.ts', 'export/rotation.ts', 'export/stream.ts'])
      assert.deepEqual(importsOf(file), []);
  });

  it('has the environment read in register alone', () => {
    const readers = files.filter((file) => readFileSync(path.join('src', file), 'utf8').includes('process.env'));
    assert.deepEqual(readers, ['register.ts']);
  });

  it('has stdout written by the console exporter and the stdout exporter alone', () => {
    const writers = files.filter((file) =>
      /process\.stdout|console\.\w+\(|\bSTDOUT\b/.test(readFileSync(path.join('src', file), 'utf8')),
    );
    assert.deepEqual(writers, ['export/console-log-record-exporter.ts', 'export/stdout-log-record-exporter.ts']);
  });
});
