import assert from 'node:assert/strict';
import { pathToFileURL } from 'node:url';
import { describe, it, type TestContext } from 'node:test';

import { build } from 'esbuild';

import { Application, SAYING_VERSIONS } from '../support/application.ts';

/** `getLogger` is said on line 6, in `createPatient`. */
const TYPESCRIPT = `import { getLogger } from 'activity-audit';
interface Patient { readonly id: string }
type Unused = Patient[];
const log = getLogger('patients');
function createPatient({ id }: Patient): void {
  log.info('created %s', id satisfies string);
}
createPatient({ id: 'd6c9' });
`;

const ES_MODULE = `import { getLogger } from 'activity-audit';


const log = getLogger('patients');
function createPatient({ id }) {
  log.info('created %s', id);
}
createPatient({ id: 'd6c9' });
`;

const COMMONJS = ES_MODULE.replace(/^.*\n/, "const { getLogger } = require('activity-audit');\n");

function placesIn(application: Application): unknown[] {
  return application
    .records()
    .map(({ path, module, function: name, line, message }) => [path, module, name, line, message]);
}

function place(application: Application, file: string): unknown[] {
  return [[application.path(file), file.replace(/\.\w+$/, ''), 'createPatient', 6, 'created d6c9']];
}

async function runs(application: Application, version: string, ...args: string[]): Promise<void> {
  const { code, stderr } = await application.run(version, args);
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
}

describe('the place of the caller', () => {
  for (const version of SAYING_VERSIONS) {
    it(`is found in an ES module on Node ${version}`, async (t) => {
      const application = new Application(t, { 'pat ients.mjs': ES_MODULE });
      await runs(application, version, 'pat ients.mjs');
      assert.deepEqual(placesIn(application), place(application, 'pat ients.mjs'));
    });

    it(`is found in CommonJS on Node ${version}`, async (t) => {
      const application = new Application(t, { 'patients.cjs': COMMONJS });
      await runs(application, version, 'patients.cjs');
      assert.deepEqual(placesIn(application), place(application, 'patients.cjs'));
    });

    it(`is found in TypeScript that tsx runs on Node ${version}`, async (t) => {
      const application = new Application(t, { 'patients.mts': TYPESCRIPT });
      await runs(application, version, '--import', 'tsx', 'patients.mts');
      assert.deepEqual(placesIn(application), place(application, 'patients.mts'));
    });

    for (const format of ['esm', 'cjs'] as const) {
      it(`is found in a bundle with a source map, in ${format}, on Node ${version}`, async (t) => {
        const application = await bundle(t, format);
        await runs(application, version, '--enable-source-maps', `bundle.${format === 'esm' ? 'm' : 'c'}js`);
        assert.deepEqual(placesIn(application), place(application, 'patients.ts'));
      });
    }

    it(`is that in the bundle where source maps aren't enabled on Node ${version}`, async (t) => {
      const application = await bundle(t, 'esm');
      await runs(application, version, 'bundle.mjs');
      assert.equal(application.records()[0]?.['path'], application.path('bundle.mjs'));
    });

    it(`is found below Node's own frames, and left out where there is none, on Node ${version}`, async (t) => {
      const application = new Application(t, {
        'patients.mjs': `import { getLogger } from 'activity-audit';
const log = getLogger('patients');
function listPatients() {
  ['ann'].forEach(log.info);
}
listPatients();
setTimeout(log.warn, 1, 'later');
`,
      });
      await runs(application, version, 'patients.mjs');
      assert.deepEqual(placesIn(application), [
        [application.path('patients.mjs'), 'patients', 'listPatients', 4, "ann 0 [ 'ann' ]"],
        ['', '', '', '', 'later'],
      ]);
    });

    it(`leaves what the application does with stacks as it was on Node ${version}`, async (t) => {
      const application = new Application(t, {
        'stacks.mjs': `import { getLogger } from 'activity-audit';
const log = getLogger('stacks');
const before = Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace');
log.info('one');
console.log(Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace')?.value === before?.value, Error.stackTraceLimit);
Error.prepareStackTrace = (error, frames) => 'mine ' + frames.length;
Error.stackTraceLimit = 2;
const error = new Error('made before');
log.error('two', error);
console.log(error.stack, new Error('after').stack, Error.stackTraceLimit);
Object.freeze(Error);
log.info('three');
console.log(new Error('frozen').stack);
`,
      });
      const { stdout, stderr } = await application.run(version, ['stacks.mjs'], { ACTIVITY_AUDIT_CONSOLE: 'false' });
      assert.deepEqual([stdout, stderr], ['true 10\nmine 2 mine 2 2\nmine 2\n', '']);
      assert.deepEqual(
        application
          .records()
          .filter(({ name }) => name === 'stacks')
          .map(({ line, exception }) => [line, exception]),
        [
          [4, ''],
          [9, 'mine 2'],
          ['', ''],
        ],
      );
    });
  }

  it('is found where Node.js strips the types', async (t) => {
    const application = new Application(t, { 'patients.mts': TYPESCRIPT });
    await runs(application, '24.21.0', 'patients.mts');
    assert.deepEqual(placesIn(application), place(application, 'patients.mts'));
  });

  it('is not looked for if it is not wanted', async (t) => {
    const application = new Application(t, { 'patients.mjs': ES_MODULE });
    await application.run('24.21.0', ['patients.mjs'], { ACTIVITY_AUDIT_CALL_SITES: 'false' });
    assert.deepEqual(placesIn(application), [['', '', '', '', 'created d6c9']]);
  });
});

/** `patients.ts` as a bundle, below an import that moves its lines. */
async function bundle(t: TestContext, format: 'esm' | 'cjs'): Promise<Application> {
  const application = new Application(t, {
    'patients.ts': TYPESCRIPT,
    'index.ts': "import './other.ts';\nimport './patients.ts';\n",
  });
  application.write('other.ts', `export const other = [\n${'  1,\n'.repeat(20)}];\nglobalThis.other = other;\n`);
  await build({
    absWorkingDir: application.folder,
    entryPoints: ['index.ts'],
    outfile: `bundle.${format === 'esm' ? 'm' : 'c'}js`,
    bundle: true,
    platform: 'node',
    format,
    external: ['activity-audit'],
    minifyWhitespace: true,
    sourcemap: format === 'esm' ? 'linked' : 'inline',
    ...(format === 'esm' ? { sourceRoot: `${pathToFileURL(application.folder).href}/` } : {}),
  });
  return application;
}
