/** To be preloaded: OpenTelemetry's traces of Sequelize, and of nothing else. */
import { createRequire } from 'node:module';

import { traceToNowhere } from '../support/trace-to-nowhere.js';

const require = createRequire(process.env.PEERS);
const { SequelizeInstrumentation } = require('@opentelemetry/instrumentation-sequelize');

traceToNowhere([new SequelizeInstrumentation()]);
