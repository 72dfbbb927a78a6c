/** The hub: the program that runs the routes, with everything they stand on. */
package io.serai.hub;
