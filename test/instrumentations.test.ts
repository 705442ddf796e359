import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { type Instrumentation, registerInstrumentations } from '@opentelemetry/instrumentation';

import { auditInstrumentations } from '../src/instrumentations.ts';

describe('auditInstrumentations', () => {
  it('gives what OpenTelemetry takes for instrumentations', () => {
    const instrumentations: Instrumentation[] = auditInstrumentations();
    const unregister = registerInstrumentations({ instrumentations: [instrumentations] });
    assert.deepEqual(
      instrumentations.map(({ instrumentationName }) => instrumentationName),
      [
        'activity-audit/http-server',
        'activity-audit/http-client',
        'activity-audit/http2-client',
        'activity-audit/undici',
        'activity-audit/sequelize',
        'activity-audit/logins',
        'activity-audit/application-events',
        'activity-audit/application-logs',
        'activity-audit/console',
        'activity-audit/process-failures',
        'activity-audit/debuglog',
        'activity-audit/export',
      ],
    );
    for (const instrumentation of instrumentations) {
      assert.equal(instrumentation.getConfig().enabled, true);
      instrumentation.setConfig({ ...instrumentation.getConfig(), enabled: false });
      assert.equal(instrumentation.getConfig().enabled, false);
    }
    unregister();
  });

  it('leaves out what is not to be recorded', () => {
    const names = auditInstrumentations({ http: false, logins: false, logs: false, reads: false }).map((one) => {
      one.disable();
      return one.instrumentationName;
    });
    assert.deepEqual(names, [
      'activity-audit/sequelize',
      'activity-audit/application-events',
      'activity-audit/application-logs',
      'activity-audit/export',
    ]);
  });
});
