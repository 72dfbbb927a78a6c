/** The door: who may come in, how much they may bring, and what an error looks like. */
package io.serai.hub.web;
