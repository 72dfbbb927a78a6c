/** Parked work that goes on: messages of the journal take their way through the hub again, and people say what is to be done. */
package io.serai.hub.parked;
