import { serve } from './serve.js';

const PASS = (_request, _response, next) => next();

await serve(PASS);
