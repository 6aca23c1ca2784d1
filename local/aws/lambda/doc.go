// Package lambda runs Lambda functions of the provided.al2023 runtime as local
// processes. Each process runs the bootstrap of an unpacked zip and uses the
// Lambda Runtime API. A process handles one request at a time and stays warm.
//
// The package does not freeze idle processes or limit their memory and CPU. It
// does not support layers, extensions, response streaming, published versions
// or aliases.
package lambda
