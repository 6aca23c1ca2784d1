// Package lambda runs Lambda functions of the provided.al2023 runtime as
// processes of this machine: the bootstrap of the unpacked zip, spoken to over
// the Lambda Runtime API, one process per concurrent request, kept warm.
//
// What it does not do: freeze a process between invocations, limit its memory
// or CPU, layers, extensions, response streaming, published versions and aliases.
package lambda
