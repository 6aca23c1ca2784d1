// Package npm installs programs from the npm registry with the versions in
// their lock files, once for all projects of a user.
package npm
