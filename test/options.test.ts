import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { auditInstrumentations } from '../src/instrumentations.ts';
import { OptionError, checkOptions, mergeOptions, optionsFromEnvironment } from '../src/options.ts';

describe('options from the environment', () => {
  it('are those of the code, in capitals', () => {
    assert.deepEqual(
      optionsFromEnvironment({
        ACTIVITY_AUDIT_DIRECTORY: '/var/log/audit',
        ACTIVITY_AUDIT_CONSOLE: 'false',
        ACTIVITY_AUDIT_READS: '0',
        ACTIVITY_AUDIT_HTTP: 'TRUE',
        ACTIVITY_AUDIT_MAX_BODY_BYTES: '1024',
        ACTIVITY_AUDIT_BEFORE_IMAGES: '500',
        ACTIVITY_AUDIT_FILE_MODE: '640',
        ACTIVITY_AUDIT_DIRECTORY_MODE: '0o750',
        ACTIVITY_AUDIT_REDACT_NAMES: 'iban, diagnosis',
        ACTIVITY_AUDIT_REDACT_URL_PATHS: '/reset/:token,/invite/*/:code',
        ACTIVITY_AUDIT_HASH_KEY: 'a key of many letters',
        ACTIVITY_AUDIT_CONFIG: 'read by register',
        ACTIVITY_AUDIT_SEQUELIZE: '',
        ACTIVITY_AUDIT_IGNORE_PATHS: '/health, /assets/*',
        ACTIVITY_AUDIT_CAPTURE_BODIES: 'application/json,text/*',
        ACTIVITY_AUDIT_CAPTURE_HEADERS: 'None',
        ACTIVITY_AUDIT_TRUST_PROXY: '2',
        ACTIVITY_AUDIT_IGNORE_OUTGOING_URLS: 'http://169.254.169.254/*, *://metrics.internal/*',
        ACTIVITY_AUDIT_PEER_NAMES: 'api.stripe.com=stripe, 10.0.0.7:8080 = billing = 2,[::1]:*=self',
        ACTIVITY_AUDIT_FORWARD_REQUEST_ID: '*.internal, 10.0.0.7:8080',
        ACTIVITY_AUDIT_ROTATION: 'Daily, 1.5 GiB, zstd',
        ACTIVITY_AUDIT_RETENTION: '30 days, 100 files, 10gb, audit: 3650 d, api:1kb',
        ACTIVITY_AUDIT_PROCESS_FIELDS: 'true',
        ACTIVITY_AUDIT_DURABILITY: 'audit: disk, api:os',
        ACTIVITY_AUDIT_WHEN_UNAVAILABLE: 'audit: closed',
        ACTIVITY_AUDIT_MAX_QUEUE_BYTES: '16mb',
        ACTIVITY_AUDIT_MAX_BLOCK_MS: '1500',
        ACTIVITY_AUDIT_FORMAT: 'OTLP',
        ACTIVITY_AUDIT_REDIRECT: 'stdout',
        PATH: '/bin',
      }),
      {
        directory: '/var/log/audit',
        console: false,
        reads: false,
        http: true,
        maxBodyBytes: 1024,
        beforeImages: 500,
        fileMode: 0o640,
        directoryMode: 0o750,
        ignorePaths: ['/health', '/assets/*'],
        captureBodies: ['application/json', 'text/*'],
        captureHeaders: 'none',
        trustProxy: 2,
        ignoreOutgoingUrls: ['http://169.254.169.254/*', '*://metrics.internal/*'],
        peerNames: { 'api.stripe.com': 'stripe', '10.0.0.7:8080': 'billing = 2', '[::1]:*': 'self' },
        forwardRequestId: ['*.internal', '10.0.0.7:8080'],
        rotation: { every: 'day', maxBytes: 1_610_612_736, compress: 'zstd' },
        retention: {
          days: 30,
          files: 100,
          bytes: 10_737_418_240,
          audit: { days: 3650 },
          api: { bytes: 1024 },
        },
        processFields: true,
        durability: { audit: 'disk', api: 'os' },
        whenUnavailable: { audit: 'closed' },
        maxQueueBytes: 16_777_216,
        maxBlockMs: 1500,
        format: 'otlp',
        redirect: 'stdout',
        redaction: {
          names: ['iban', 'diagnosis'],
          urlPaths: ['/reset/:token', '/invite/*/:code'],
          hashKey: 'a key of many letters',
        },
      },
    );
  });

  it('may say with one word what they may say with a list', () => {
    assert.deepEqual(
      optionsFromEnvironment({
        ACTIVITY_AUDIT_FORWARD_REQUEST_ID: 'True',
        ACTIVITY_AUDIT_CAPTURE_BODIES: 'incoming',
        ACTIVITY_AUDIT_BEFORE_IMAGES: '1',
      }),
      { forwardRequestId: true, captureBodies: 'incoming', beforeImages: true },
    );
    assert.deepEqual(
      optionsFromEnvironment({ ACTIVITY_AUDIT_ROTATION: 'hourly', ACTIVITY_AUDIT_RETENTION: '1000000' }),
      { rotation: { every: 'hour' }, retention: { bytes: 1_000_000 } },
    );
    assert.deepEqual(
      optionsFromEnvironment({ ACTIVITY_AUDIT_DURABILITY: 'disk', ACTIVITY_AUDIT_WHEN_UNAVAILABLE: 'Block' }),
      { durability: 'disk', whenUnavailable: 'block' },
    );
    assert.deepEqual(
      optionsFromEnvironment({ ACTIVITY_AUDIT_FORWARD_REQUEST_ID: '0', ACTIVITY_AUDIT_CAPTURE_HEADERS: 'Outgoing' }),
      { forwardRequestId: false, captureHeaders: 'outgoing' },
    );
  });

  const bad: [variable: string, text: string, message: RegExp][] = [
    [
      'ACTIVITY_AUDIT_CONSOLE',
      'maybe',
      /^activity-audit: ACTIVITY_AUDIT_CONSOLE: expected true or false, got "maybe" \(string\)$/,
    ],
    [
      'ACTIVITY_AUDIT_BEFORE_IMAGES',
      '10001',
      /expected true, false, or a whole number of rows from 1 to 10000, got 10001/,
    ],
    ['ACTIVITY_AUDIT_MAX_BODY_BYTES', '64k', /expected a whole number of bytes from 0 to 16777216, got "64k"/],
    ['ACTIVITY_AUDIT_MAX_BODY_BYTES', '99999999', /got 99999999 \(number\)/],
    ['ACTIVITY_AUDIT_FILE_MODE', '999', /expected file permissions/],
    [
      'ACTIVITY_AUDIT_CONSOL',
      'true',
      /expected one of ACTIVITY_AUDIT_HTTP, .*ACTIVITY_AUDIT_CONFIG, got "ACTIVITY_AUDIT_CONSOL"/,
    ],
    ['ACTIVITY_AUDIT_USER_OF', 'x', /expected one of/],
    ['ACTIVITY_AUDIT_IGNORE_INCOMING_REQUEST_HOOK', 'x', /expected one of/],
    ['ACTIVITY_AUDIT_IGNORE_PATHS', '/a,health', /expected a list of paths that begin with \/ or \*.*, got "health"/],
    ['ACTIVITY_AUDIT_IGNORE_OUTGOING_URLS', 'example.com', /a list of URLs that begin with .*, got "example\.com"/],
    [
      'ACTIVITY_AUDIT_CAPTURE_BODIES',
      'nothing',
      /expected all, none, request, response, incoming, outgoing, or a list of media types.*, got "nothing"/,
    ],
    ['ACTIVITY_AUDIT_PEER_NAMES', 'a=b,stripe', /PEER_NAMES: expected names of hosts.*, got "a=b,stripe"/],
    ['ACTIVITY_AUDIT_PEER_NAMES', 'https://stripe.com=stripe', /got "https:\/\/stripe\.com=stripe"/],
    ['ACTIVITY_AUDIT_PEER_NAMES', 'stripe.com=', /got "stripe\.com="/],
    ['ACTIVITY_AUDIT_FORWARD_REQUEST_ID', 'maybe/not', /expected true, false, or a list of hosts.*, got "maybe\/not"/],
    ['ACTIVITY_AUDIT_REQUEST_HOOK', 'x', /expected one of/],
    ['ACTIVITY_AUDIT_ROTATION', 'weekly', /ROTATION: expected daily, hourly, a size such as .*, got "weekly"/],
    ['ACTIVITY_AUDIT_ROTATION', 'daily,hourly', /got "daily,hourly"/],
    ['ACTIVITY_AUDIT_ROTATION', 'gzip', /expected daily, hourly, a size/],
    ['ACTIVITY_AUDIT_ROTATION', '0mb', /expected daily, hourly, a size/],
    ['ACTIVITY_AUDIT_RETENTION', 'ever', /RETENTION: expected days, files, bytes, .*, got "ever"/],
    ['ACTIVITY_AUDIT_RETENTION', '0 files', /expected days, files, bytes/],
    ['ACTIVITY_AUDIT_RETENTION', '1 day, 2 days', /expected days, files, bytes/],
    ['ACTIVITY_AUDIT_RETENTION', 'access: 1 day', /expected days, files, bytes/],
    ['ACTIVITY_AUDIT_TRUST_PROXY', '10.0.0.0/33', /expected true, false, a number of proxies, or addresses/],
    ['ACTIVITY_AUDIT_TRUST_PROXY', 'lopback', /expected true, false, a number of proxies, or addresses/],
  ];
  for (const [variable, text, message] of bad) {
    it(`say what was expected of ${variable}=${text}`, () => {
      assert.throws(
        () => optionsFromEnvironment({ [variable]: text }),
        (error) => error instanceof OptionError && message.test(error.message),
      );
    });
  }
});

describe('options from code or a file', () => {
  it('may say permissions as octal digits, since JSON has no octal numbers', () => {
    assert.deepEqual(checkOptions({ fileMode: '640', console: false }, 'audit.json'), {
      fileMode: 0o640,
      console: false,
    });
  });

  it('may say rotation and retention as in the environment', () => {
    assert.deepEqual(checkOptions({ rotation: 'daily, 100mb', retention: 'audit: 7 days' }, 'audit.json'), {
      rotation: { every: 'day', maxBytes: 104_857_600 },
      retention: { audit: { days: 7 } },
    });
  });

  it('may name all trusted proxies in one text, as in Express', () => {
    const trustProxy = 'loopback, fe80::1, 10.0.0.0/8';
    assert.deepEqual(checkOptions({ trustProxy }, 'audit.json'), { trustProxy });
  });

  it('may say for each direction what is shown', () => {
    const options = {
      captureBodies: { incoming: 'request', outgoing: ['text/*'] },
      captureHeaders: { outgoing: 'none' },
    };
    assert.deepEqual(checkOptions(options, 'audit.json'), options);
  });

  const bad: [options: unknown, message: RegExp][] = [
    [{ consol: true }, /audit\.json: expected one of the options http, .* got "consol"/],
    [{ maxBodyBytes: -1 }, /option maxBodyBytes in audit\.json: expected a whole number of bytes .* got -1 \(number\)/],
    [{ directory: '' }, /option directory in audit\.json: expected the path of a directory, got ""/],
    [{ userOf: 'user' }, /expected a function of the request, got "user"/],
    [{ ignorePaths: '/', ignoreIncomingRequestHook: true }, /expected a function of the request, got true/],
    [{ ignorePaths: [7] }, /option ignorePaths in audit\.json: expected a list of paths/],
    [{ captureBodies: true }, /expected all, none, request, response/],
    [{ captureHeaders: ['a b'] }, /or a list of header names/],
    [{ captureBodies: { incoming: 'outgoing' } }, /expected all, none, .*, got "incoming=outgoing"/],
    [{ captureBodies: { both: 'all' } }, /expected all, none, .*, got "both=all"/],
    [{ requestHook: 'x' }, /expected a function of the request, got "x"/],
    [{ responseHook: {} }, /expected a function of the response, got an object/],
    [{ ignoreOutgoingRequestHook: null }, /expected a function of the request, got null/],
    [{ ignoreOutgoingUrls: ['/path'] }, /expected a list of URLs .*, got "\/path"/],
    [{ peerNames: ['stripe.com'] }, /expected names of hosts, .*, got "stripe\.com"/],
    [{ peerNames: { 'stripe.com': 7 } }, /got "stripe\.com=7 \(number\)"/],
    [{ peerNames: { '::1': 'self' } }, /got "::1=self"/],
    [{ forwardRequestId: ['a b'] }, /expected true, false, or a list of hosts, .*, got "a b"/],
    [{ forwardRequestId: 'stripe.com/' }, /got "stripe\.com\/"/],
    [{ rotation: { every: 'week' } }, /option rotation in .*expected daily, .*, got "every=week"/],
    [{ rotation: { compress: 'gzip' } }, /expected daily, hourly, a size/],
    [{ rotation: {} }, /expected daily, hourly, a size/],
    [{ retention: { days: 0 } }, /option retention in .*expected days, files, bytes, .*, got "days=0/],
    [{ retention: { audit: { hours: 1 } } }, /got "audit=an object"/],
    [{ durability: 'safe' }, /option durability in .*expected batch, os or disk, .*, got "safe"/],
    [{ durability: { audit: 'safe' } }, /got "audit=safe"/],
    [{ durability: { login: 'disk' } }, /got "login=disk"/],
    [{ durability: 'audit' }, /expected batch, os or disk/],
    [{ whenUnavailable: 'audit: shut' }, /expected open, block or closed, .*, got "audit=shut"/],
    [{ maxQueueBytes: 'much' }, /expected a size such as 8mb, .*, got "much"/],
    [{ maxQueueBytes: -1 }, /got -1 \(number\)/],
    [{ maxBlockMs: 600_001 }, /expected a whole number of milliseconds from 0 to 600000/],
    [{ models: { User: true } }, /option models in .*expected an object with, for each model, .*got "User=true/],
    [{ models: { User: { beforeImages: 0 } } }, /expected an object with, for each model/],
    [{ models: { User: { reads: 'no' } } }, /expected an object with, for each model/],
    [{ models: { User: { sensitve: ['x'] } } }, /expected an object with, for each model/],
    [{ trustProxy: -1 }, /expected true, false, a number of proxies/],
    [{ trustProxy: ['10.0.0.0/8', ''] }, /expected true, false, a number of proxies/],
    [{ redaction: null }, /expected an object, got null/],
    ['console', /audit\.json: expected an object of options, got "console"/],
    [[], /got an array/],
  ];
  for (const [options, message] of bad) {
    it(`are refused as ${JSON.stringify(options)}`, () => {
      assert.throws(() => checkOptions(options, 'audit.json'), message);
    });
  }

  it('are checked by auditInstrumentations, before anything is hooked', () => {
    assert.throws(() => auditInstrumentations({ reads: 'no' as never }), /option reads in auditInstrumentations\(\)/);
    assert.throws(() => auditInstrumentations({ redaction: { rules: [{ names: ['a'], action: 'hash' }] } }), /hashKey/);
  });
});

describe('options from both', () => {
  it('are taken from the environment first, and parts of redaction from either', () => {
    assert.deepEqual(
      mergeOptions(
        { console: true, reads: false, redaction: { names: ['a'] } },
        { console: false, redaction: { paths: ['b'] } },
      ),
      { console: false, reads: false, redaction: { names: ['a'], paths: ['b'] } },
    );
  });
});
