/** How the hub fares, for operators and their machines. */
package io.serai.hub.health;
