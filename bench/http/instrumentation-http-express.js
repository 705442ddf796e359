/** To be preloaded: OpenTelemetry's traces of HTTP and Express, and of nothing else. */
import { createRequire } from 'node:module';

import { traceToNowhere } from '../support/trace-to-nowhere.js';

const require = createRequire(process.env.PEERS);
const { HttpInstrumentation } = require('@opentelemetry/instrumentation-http');
const { ExpressInstrumentation } = require('@opentelemetry/instrumentation-express');

traceToNowhere([new HttpInstrumentation(), new ExpressInstrumentation()]);
