/** A process that does nothing: what every start costs. */
require('./tell-usage-at-exit.cjs');
