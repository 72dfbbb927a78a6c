/** The routes: checked before the start, and the standard ones made for every spoke. */
package io.serai.hub.flow;
