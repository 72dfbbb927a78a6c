/** The public REST API: thin controllers over the store. Its contract is {@code openapi.yaml}. */
package io.serai.hub.api;
