/**
 * @file What the packages for Node take for `@tensorflow/tfjs`: the kit's own core, found in the folders above.
 *
 * The union package brings a second engine, gradients and backends that the kit has already.
 */
module.exports = require("@tensorflow/tfjs-core");
